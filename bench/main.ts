import { parseArgs } from 'node:util'
import { benchPages } from './page/bench.ts'
import { benchQueue } from './queue/bench.ts'
import type { Report } from './shared/report.ts'
import { print } from './shared/report.ts'

/** How much a bench may do. */
export interface BenchOptions {
  /** A first impression in half a minute instead of figures to quote. */
  readonly quick: boolean
  /** A line on what is being done, for whoever waits. */
  progress(line: string): void
}

const benches: Record<string, (options: BenchOptions) => Promise<Report>> = {
  page: benchPages,
  queue: benchQueue,
}

/** Runs the bench that the command line names and prints its figures: a table, or with `--json` one object. */
export async function main(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { json: { type: 'boolean', default: false }, quick: { type: 'boolean', default: false } },
  })
  const bench = benches[positionals[0] ?? '']
  if (!bench) throw new Error(`name a bench: ${Object.keys(benches).join(' or ')}`)
  const report = await bench({
    quick: values.quick,
    progress: (line) => void process.stderr.write(`${line}\n`),
  })
  process.stdout.write(values.json ? `${JSON.stringify(report.figures)}\n` : print(report))
}
