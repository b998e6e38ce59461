import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { openSite } from '../../core/index.ts'
import { ACTS, type Act, perform, type Stage, type Worker } from './acts.ts'
import { Cable } from './cable.ts'
import { findings, type Harm, LEDGER, recoveries, twins } from './ledger.ts'
import { Process } from './process.ts'
import { Chance } from './random.ts'
import { SITE } from './send-tasks.ts'
import { startRestartable } from './server.ts'
import { bounded, progressOf, whileItGoesOn } from './waiting.ts'

export interface TrialOptions {
  readonly tasks: number
  readonly workers: number
  readonly senders: number
  readonly seed: number
  /** Tasks a second each sender sends at most. */
  readonly rate: number
  /** What is done, in this order; when absent, at random until all tasks are sent and the time is over. */
  readonly acts?: readonly Act[]
  /** Milliseconds between two acts, at least and at most. */
  readonly pause: readonly [number, number]
  /** Milliseconds it lasts at least. */
  readonly lasts: number
  readonly say: (line: string) => void
}

/** Half, and the most, of a list of milliseconds. */
export interface Times {
  readonly n: number
  readonly p50: number
  readonly max: number
}

export interface Figures {
  readonly seed: number
  readonly seconds: number
  readonly tasks: number
  /** Runs of the tasks' functions. */
  readonly runs: number
  readonly acts: Readonly<Record<Act, number>>
  /** Writes tried by runs that had stood still for longer than the lease, and how many of them were refused. */
  readonly late: { readonly tried: number; readonly refused: number }
  /** From SIGKILL, and from the last sign of life, until a task runs elsewhere. */
  readonly killed: Times
  readonly vanished: Times
  /** Tasks whose commit was confirmed to a sender and which are not finished. */
  readonly lost: readonly number[]
  /** Turns that two healthy processes ran. */
  readonly twins: readonly unknown[]
  /** What must not be and was found, by what it is. */
  readonly found: Readonly<Record<string, readonly unknown[]>>
  /** What the programs printed. */
  readonly outputs: readonly string[]
}

/** Runs tasks while all goes wrong that can, then looks whether each was done and none was done twice. */
export async function trial(options: TrialOptions): Promise<Figures> {
  const { say } = options
  const server = await startRestartable()
  const processes: Process[] = []
  const cables: Cable[] = []
  try {
    const ask = asking(server.url)
    await prepare(server.url, ask)
    const workers: Worker[] = []
    for (let n = 0; n < options.workers; n++) {
      const cable = await Cable.start(server.url)
      cables.push(cable)
      const env = { DATABASE_URL: cable.url(server.url) }
      workers.push({ process: Process.djet(SITE, ['work', '--threads', '1'], env), cable, isOut: false })
    }
    processes.push(...workers.map((worker) => worker.process))
    await bounded(
      async () => (await ask((client) => client.query(ALIVE))).rowCount === workers.length,
      90_000,
      'workers',
    )
    const confirmed = new Set<number>()
    const share = Math.ceil(options.tasks / options.senders)
    const senders = Array.from({ length: options.senders }, (_, sender) =>
      sending(options, server.url, sender, share, (ids) => {
        for (const id of ids) confirmed.add(id)
      }),
    )
    processes.push(...senders.map((sender) => sender.process))
    const stage: Stage = {
      server,
      workers,
      senders: senders.map((sender) => sender.process),
      chance: new Chance(options.seed),
      harms: [],
      away: [],
      counts: Object.fromEntries(ACTS.map((act) => [act, 0])) as Record<Act, number>,
      ask,
      say,
    }
    const began = Date.now()
    // Right after its start a server leaves all workers time to come back.
    await sleep(6500)
    const areSent = (): boolean => senders.every((s) => s.isDone())
    await wreak(stage, options, () => Date.now() - began > options.lasts && areSent())
    await whileItGoesOn(async () => ({ isOver: areSent(), done: confirmed.size }), 'all tasks are sent')
    say('waiting for the tasks that are left')
    await whileItGoesOn(async () => {
      const { open, done } = await progressOf(ask)
      return { isOver: open === 0, done }
    }, 'all tasks are finished').catch((error: unknown) => say(String(error)))
    const seconds = (Date.now() - began) / 1000
    await Promise.all(processes.map((process) => process.end()))
    return await ask((client) => figures(client, stage, options.seed, seconds, confirmed, processes))
  } finally {
    await Promise.all(processes.map((process) => process.end('SIGKILL')))
    await Promise.all(cables.map((cable) => cable.stop()))
    await server.remove()
  }
}

/** Tasks that are to end between two acts, and milliseconds after which it goes on without. */
const BETWEEN_ACTS = 150
const LONGEST_CALM = 20_000

const ALIVE = 'select from jobmachine.worker where ended is null'

type Ask = Stage['ask']

/** A connection of the trial's own for each question: the server comes and goes. */
function asking(url: string): Ask {
  return async (work) => {
    for (let tries = 0; ; tries++) {
      const client = new pg.Client({ connectionString: url, application_name: 'trial' })
      client.on('error', () => {})
      try {
        await client.connect()
        return await work(client)
      } catch (error) {
        if (
          tries >= 100 ||
          !/terminat|ECONNREFUSED|ECONNRESET|starting|shutting|recovery/i.test(String(error))
        )
          throw error
        await sleep(100)
      } finally {
        await client.end().catch(() => {})
      }
    }
  }
}

async function prepare(databaseUrl: string, ask: Ask): Promise<void> {
  const app = await openSite(SITE, { databaseUrl })
  try {
    await app.prepare()
  } finally {
    await app.stop()
  }
  await ask((client) => client.query(LEDGER))
}

/** A sender that is started again, for what is left, when it was killed. */
function sending(
  { rate, seed }: TrialOptions,
  databaseUrl: string,
  sender: number,
  tasks: number,
  onSent: (ids: number[]) => void,
): { process: Process; isDone: () => boolean } {
  let left = tasks
  let life = 0
  const process = Process.sender(
    () =>
      left > 0
        ? { sender, databaseUrl, seed: seed + sender * 1000 + life++, tasks: left, rate, backlog: 3000 }
        : undefined,
    (line) => {
      if (!line.startsWith('[')) return
      const ids = JSON.parse(line) as number[]
      left -= ids.length
      onSent(ids)
    },
  )
  return { process, isDone: () => left <= 0 }
}

async function wreak(stage: Stage, options: TrialOptions, isOver: () => boolean): Promise<void> {
  const { acts, pause } = options
  const under: Promise<void>[] = []
  const wait = (): Promise<void> => sleep(stage.chance.between(...pause))
  const most = Math.max(1, Math.floor(options.workers / 2))
  const once = async (act: Act): Promise<void> => {
    const performed = perform(stage, act)
    // Whoever is stopped stays so while other things happen.
    if (act === 'stop' || act === 'silence') under.push(performed)
    else await performed
    await wait()
  }
  if (acts) for (const act of acts) await once(act)
  else {
    let before = await progressOf(stage.ask)
    let toldAt = Date.now()
    while (!isOver()) {
      const out = stage.workers.filter((worker) => worker.isOut).length
      await once(
        stage.chance.one(out >= most ? ACTS.filter((act) => act !== 'stop' && act !== 'silence') : ACTS),
      )
      // On a busy machine nothing but coming back would be done between one act and the next.
      const enough = before.done + BETWEEN_ACTS
      for (const until = Date.now() + LONGEST_CALM; !isOver() && Date.now() < until; ) {
        before = await progressOf(stage.ask)
        if (before.done >= enough || before.open === 0) break
        await sleep(200)
      }
      if (Date.now() - toldAt < 30_000) continue
      toldAt = Date.now()
      stage.say(`${before.done} tasks done, ${before.open} open`)
    }
  }
  await Promise.all(under)
}

async function figures(
  client: pg.Client,
  stage: Stage,
  seed: number,
  seconds: number,
  confirmed: ReadonlySet<number>,
  processes: readonly Process[],
): Promise<Figures> {
  const { harms, away, counts } = stage
  const lost = await client.query<{ id: number }>(
    `select c.id::int as id from unnest($1::bigint[]) as c (id)
     where not exists (select from jobmachine.task t where t.task_id = c.id and t.status = 200)`,
    [[...confirmed]],
  )
  const { rows } = await client.query<Record<string, number>>(
    `select (select count(*)::int from jobmachine.task) as tasks, (select count(*)::int from chaos.run) as runs,
       (select count(*)::int from chaos.late) as tried,
       (select count(*)::int from chaos.late where outcome = 'TASK_LOST') as refused`,
  )
  const { tasks, runs, tried, refused } = rows[0]!
  const of = async (kinds: readonly string[]): Promise<Times> =>
    times(
      await recoveries(
        client,
        harms.filter((harm: Harm) => kinds.includes(harm.kind)),
        away,
      ),
    )
  return {
    seed,
    seconds,
    tasks: tasks!,
    runs: runs!,
    acts: counts,
    late: { tried: tried!, refused: refused! },
    killed: await of(['kill']),
    vanished: await of(['stop', 'silence']),
    lost: lost.rows.map(({ id }) => id),
    twins: await twins(client, harms),
    found: await findings(client),
    outputs: processes.map((process) => process.output),
  }
}

function times(sorted: readonly number[]): Times {
  return { n: sorted.length, p50: sorted[Math.floor(sorted.length / 2)] ?? 0, max: sorted.at(-1) ?? 0 }
}
