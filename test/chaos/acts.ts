import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from 'pg'
import type { Cable } from './cable.ts'
import type { Harm } from './ledger.ts'
import type { Process } from './process.ts'
import type { Chance } from './random.ts'
import type { RestartableServer } from './server.ts'

/** What is done to the processes of a trial and to their database. */
export const ACTS = [
  'kill',
  'stop',
  'silence',
  'cut',
  'terminate',
  'fast',
  'immediate',
  'killSender',
] as const
export type Act = (typeof ACTS)[number]

/** Milliseconds a process is stopped, or its network silent: beyond the lease of twelve seconds. */
const LONG = [14_000, 17_000] as const

/** A worker process and its network. */
export interface Worker {
  readonly process: Process
  readonly cable: Cable
  /** Stopped, silent, or about to start. */
  isOut: boolean
}

/** What the acts work on and what they note. */
export interface Stage {
  readonly server: RestartableServer
  readonly workers: readonly Worker[]
  readonly senders: readonly Process[]
  readonly chance: Chance
  readonly harms: Harm[]
  /** When the database was away, epoch milliseconds; up to the moment when workers are suspected again. */
  readonly away: { from: number; to: number }[]
  readonly counts: Record<Act, number>
  readonly ask: <T>(work: (client: Client) => Promise<T>) => Promise<T>
  say(line: string): void
}

/** Milliseconds after a start of the server for which no worker is taken for dead. */
const SETTLING = 7000

/** Does one thing. @returns when it is over: whoever was stopped goes on */
export function perform(stage: Stage, act: Act): Promise<void> {
  stage.counts[act]++
  switch (act) {
    case 'kill':
      return kill(stage)
    case 'stop':
      return pause(
        stage,
        'stop',
        (w) => w.process.signal('SIGSTOP'),
        (w) => w.process.signal('SIGCONT'),
      )
    case 'silence':
      return pause(
        stage,
        'silence',
        (w) => w.cable.silence(),
        (w) => w.cable.resume(),
      )
    case 'cut':
      return cut(stage)
    case 'terminate':
      return terminate(stage)
    case 'fast':
    case 'immediate':
      return restart(stage, act)
    case 'killSender': {
      const sender = stage.chance.one(stage.senders)
      stage.say(`kill sender ${sender.pid}`)
      sender.signal('SIGKILL')
      return Promise.resolve()
    }
  }
}

/** One of the workers that are well, of those that have something to lose if there are any. */
async function victim({ workers, chance, ask }: Stage): Promise<Worker> {
  const busy = await ask((client) =>
    client.query<{ pid: number }>(
      `select distinct pid from jobmachine.worker w join jobmachine.task t using (worker_id)
       where t.status = 100 and w.ended is null`,
    ),
  )
  const pids = new Set(busy.rows.map(({ pid }) => pid))
  const well = workers.filter((worker) => !worker.isOut)
  const best = well.filter((worker) => pids.has(worker.process.pid))
  return chance.one([best, well, workers].find((list) => list.length > 0)!)
}

async function kill(stage: Stage): Promise<void> {
  const { process } = await victim(stage)
  stage.say(`kill ${process.pid}`)
  stage.harms.push({ kind: 'kill', pid: process.pid, at: Date.now() })
  process.signal('SIGKILL')
}

async function cut(stage: Stage): Promise<void> {
  const { process, cable } = await victim(stage)
  stage.say(`cut the connections of ${process.pid}`)
  cable.cut()
}

async function pause(
  stage: Stage,
  kind: 'stop' | 'silence',
  begin: (worker: Worker) => void,
  end: (worker: Worker) => void,
): Promise<void> {
  const worker = await victim(stage)
  const ms = stage.chance.between(...LONG)
  stage.say(`${kind} ${worker.process.pid} for ${ms} ms`)
  worker.isOut = true
  stage.harms.push({ kind, pid: worker.process.pid, at: Date.now() })
  begin(worker)
  await sleep(ms)
  end(worker)
  worker.isOut = false
}

async function terminate({ ask, chance, say }: Stage): Promise<void> {
  const share = chance.next()
  const n = await ask(async (client) => {
    const { rowCount } = await client.query(
      `select pg_terminate_backend(pid) from (
         select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
           and application_name like 'djet%' order by hashint4(pid)
       ) as a limit (select ceil(count(*) * $1::float8)::int from pg_stat_activity where application_name like 'djet%')`,
      [share],
    )
    return rowCount
  })
  say(`terminated ${n} connections`)
}

async function restart({ server, chance, away, say }: Stage, how: 'fast' | 'immediate'): Promise<void> {
  const ms = chance.between(0, 2000)
  say(`restart the database (${how}, away for ${ms} ms)`)
  const moment = { from: Date.now(), to: Number.POSITIVE_INFINITY }
  away.push(moment)
  await server.restart(how, ms)
  moment.to = Date.now() + SETTLING
}
