import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { type Djet, definePlugin } from '../../../../core/index.ts'
import { defineJob, noop, send } from '../../index.ts'

const row = z.object({ n: z.int(), ms: z.number().default(0) })

async function enter(djet: Djet, { n, ms }: z.output<typeof row>) {
  await djet.query('insert into public.ledger (n, task) values ($1, $2)', [n, djet.task?.id])
  await sleep(ms, undefined, { signal: djet.signal })
  return { n }
}

const often = { params: row, retries: 100, backoff: '100ms' } as const

/** One row a task, whatever happens. */
export const entry = defineJob('ledger.entry', enter, { ...often, transactional: true })

/** The same, at least once. */
export const loose = defineJob('ledger.loose', enter, often)

/** The same in a process of its own. */
export const apart = defineJob('ledger.apart', enter, { ...often, transactional: true, isolation: 'process' })

/** Kills its process in the first attempt: just before it is done, or right after the commit. */
export const suicide = defineJob(
  'ledger.suicide',
  async (djet, { n, when }) => {
    await djet.query('insert into public.ledger (n, task) values ($1, $2)', [n, djet.task?.id])
    await djet.task?.result({ early: n })
    await send(djet, noop, {}, { title: `sent by ${n}` })
    if (djet.task?.attempt !== 1) return { n }
    if (when === 'before') process.kill(process.pid, 'SIGKILL')
    await djet.afterCommit(() => void process.kill(process.pid, 'SIGKILL'))
    return { n }
  },
  {
    params: z.object({ n: z.int(), when: z.enum(['before', 'after']) }),
    transactional: true,
    retries: 5,
    backoff: '10ms',
  },
)

/** Does all that a task can do, and then fails in its first attempts. */
export const generous = defineJob(
  'ledger.generous',
  async (djet, { n, failures }) => {
    await djet.query('insert into public.ledger (n, task) values ($1, $2)', [n, djet.task?.id])
    await djet.task?.result({ row: n })
    await djet.task?.file('n.txt', 'text/plain', String(n))
    await send(djet, noop, {}, { title: `sent by ${n}` })
    djet.task?.progress(1, 1)
    djet.task?.log(`attempt ${djet.task.attempt}`)
    if ((djet.task?.attempt ?? 1) <= failures) throw new Error('changed my mind')
    return 'done'
  },
  { params: z.object({ n: z.int(), failures: z.int() }), transactional: true, retries: 2, backoff: '10ms' },
)

/** Locks two rows, each other one the other way round. */
export const crossing = defineJob(
  'ledger.crossing',
  async (djet, { first, second }) => {
    await djet.query('update public.ledger set n = n + 1 where task = $1', [first])
    await sleep(300)
    await djet.query('update public.ledger set n = n + 1 where task = $1', [second])
  },
  {
    params: z.object({ first: z.int(), second: z.int() }),
    transactional: true,
    retries: 3,
    backoff: '1h',
  },
)

/** Catches the error of a statement and goes on as if nothing had been. */
export const careless = defineJob(
  'ledger.careless',
  async (djet) => {
    await djet.query('insert into public.ledger (n, task) values (1, $1)', [djet.task?.id])
    await djet.query('select 1 / 0').catch(() => {})
  },
  { params: z.unknown(), transactional: true, retries: 0 },
)

/** Done and committed; what was to follow is not. */
export const afterwards = defineJob(
  'ledger.afterwards',
  async (djet) => {
    await djet.query('insert into public.ledger (n, task) values (1, $1)', [djet.task?.id])
    await djet.afterCommit(() => {
      throw new Error('too late')
    })
  },
  { params: z.unknown(), transactional: true },
)

export const ledger = definePlugin(() => ({
  name: 'ledger',
  requires: ['jobmachine'],
  jobs: [entry, loose, apart, suicide, generous, crossing, careless, afterwards],
}))
