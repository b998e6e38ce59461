import { parseArgs } from 'node:util'
import { benchJobs } from './jobs/bench.ts'
import { benchPages } from './page/bench.ts'
import { benchQueue } from './queue/bench.ts'
import { compareQueues } from './queue/compare.ts'
import type { Report } from './shared/report.ts'
import { print } from './shared/report.ts'
import { benchTree } from './tree/bench.ts'

/** How much a bench may do. */
export interface BenchOptions {
  /** A first impression in half a minute instead of figures to quote. */
  readonly quick: boolean
  /** A line on what is being done, for whoever waits. */
  progress(line: string): void
}

const benches: Record<string, (options: BenchOptions) => Promise<Report>> = {
  jobs: benchJobs,
  page: benchPages,
  queue: benchQueue,
  tree: benchTree,
}

/**
 * Runs the bench that the command line names and prints its figures: a table, or with `--json` one object.
 * `queue --peers` compares with other queues: `--only 1,3` some of the figures, `--scale 0.1` with a tenth of the
 * rows and times that the goals name (what it does when told nothing), `--full` with all of them.
 */
export async function main(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      peers: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      scale: { type: 'string' },
      full: { type: 'boolean', default: false },
    },
  })
  const name = positionals[0] ?? ''
  const bench = benches[name]
  if (!bench) throw new Error(`name a bench: ${Object.keys(benches).join(', ')}`)
  if (values.peers && name !== 'queue') throw new Error('only the queue is compared with peers')
  const quick = values.quick
  const scale = values.full ? 1 : Number(values.scale ?? (quick ? 0.01 : 0.1))
  if (!(scale > 0 && scale <= 1)) throw new Error('--scale takes a number above 0, 1 at most')
  const progress = (line: string): void => void process.stderr.write(`${line}\n`)
  const only = values.only.split(',').filter((number) => number !== '')
  const report = values.peers
    ? await compareQueues({ quick, scale, only, progress })
    : await bench({ quick, progress })
  process.stdout.write(values.json ? `${JSON.stringify(report.figures)}\n` : print(report))
}
