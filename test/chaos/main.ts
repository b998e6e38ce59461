import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { type Figures, type Times, trial } from './trial.ts'

const USAGE =
  'npm run chaos -- [--tasks 20000] [--minutes 0] [--seed n] [--workers 4] [--senders 2] [--json] [--outputs <file>]'

/** Runs the trial by chaos and prints its figures; exit code 1 when something was found that must not be. */
export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      tasks: { type: 'string', default: '20000' },
      minutes: { type: 'string', default: '0' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      workers: { type: 'string', default: '4' },
      senders: { type: 'string', default: '2' },
      json: { type: 'boolean', default: false },
      outputs: { type: 'string' },
    },
  })
  const [tasks, minutes, seed, workers, senders] = [
    values.tasks,
    values.minutes,
    values.seed,
    values.workers,
    values.senders,
  ].map(Number) as [number, number, number, number, number]
  if (
    ![tasks, seed, workers, senders].every(Number.isInteger) ||
    !(minutes >= 0) ||
    workers < 2 ||
    senders < 1
  ) {
    throw new Error(USAGE)
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
  const began = Date.now()
  const figures = await trial({
    tasks,
    workers,
    senders,
    seed,
    rate: minutes > 0 ? tasks / senders / (minutes * 60) : 2000,
    pause: [1000, 6000],
    lasts: minutes * 60_000,
    say: (line) => void process.stderr.write(`${((Date.now() - began) / 1000).toFixed(1)} s: ${line}\n`),
  })
  const { outputs, ...rest } = figures
  if (values.outputs) await writeFile(values.outputs, outputs.join('\n----\n'))
  process.stdout.write(values.json ? `${JSON.stringify(rest)}\n` : told(figures))
  process.exitCode =
    figures.lost.length + figures.twins.length + Object.keys(figures.found).length > 0 ? 1 : 0
}

function told(figures: Figures): string {
  const { acts, late, killed, vanished, found } = figures
  const bad = [
    ...Object.entries(found).map(([what, rows]) => `FOUND ${what}: ${JSON.stringify(rows)}`),
    ...(figures.lost.length > 0 ? [`FOUND tasks that are lost: ${figures.lost.join(', ')}`] : []),
    ...(figures.twins.length > 0 ? [`FOUND turns that ran twice: ${JSON.stringify(figures.twins)}`] : []),
  ]
  return `${[
    `seed ${figures.seed}, ${Math.round(figures.seconds)} s`,
    `tasks ${figures.tasks}, runs ${figures.runs}, again ${figures.runs - figures.tasks}`,
    `killed ${acts.kill} workers and ${acts.killSender} senders; stopped ${acts.stop}; silent network ${acts.silence}; cut ${acts.cut}`,
    `database: restarted ${acts.fast} times fast, ${acts.immediate} times at once; connections terminated ${acts.terminate} times`,
    `running elsewhere after a kill: ${inWords(killed)}; after vanishing: ${inWords(vanished)}`,
    `late writes: ${late.tried} tried, ${late.refused} refused`,
    ...(bad.length > 0 ? bad : ['nothing lost, nothing done twice, no late write kept, all counters right']),
  ].join('\n')}\n`
}

function inWords({ n, p50, max }: Times): string {
  return n === 0 ? 'none' : `p50 ${(p50 / 1000).toFixed(2)} s, max ${(max / 1000).toFixed(2)} s (${n} tasks)`
}
