import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { DjetError, definePlugin } from '../../../core/index.ts'
import { defineJob, JobFailed } from '../index.ts'

/** Jobs the tests run in real worker threads. */
export const slow = defineJob(
  'trial.slow',
  async (djet, { ms }) => {
    await sleep(ms, undefined, { signal: djet.signal })
    return { slept: ms }
  },
  { params: z.object({ ms: z.number() }) },
)

/** Its first attempt takes a minute. */
export const stubborn = defineJob(
  'trial.stubborn',
  async (djet) => {
    if (djet.task?.attempt === 1) await sleep(60_000, undefined, { signal: djet.signal })
  },
  { params: z.unknown() },
)

export const endless = defineJob(
  'trial.endless',
  () => {
    for (;;);
  },
  { params: z.unknown(), timeout: '700ms', retries: 0 },
)

/** Stuck long enough for others to notice. */
export const stuck = defineJob(
  'trial.stuck',
  () => {
    for (;;);
  },
  { params: z.unknown(), timeout: '6s', retries: 0 },
)

export const deaf = defineJob('trial.deaf', () => new Promise(() => {}), {
  params: z.unknown(),
  timeout: '300ms',
  retries: 0,
})

export const polite = defineJob(
  'trial.polite',
  async (djet) => {
    await sleep(60_000, undefined, { signal: djet.signal })
  },
  { params: z.unknown(), timeout: '300ms', retries: 0 },
)

export const flaky = defineJob(
  'trial.flaky',
  (djet, { failures }) => {
    const attempt = djet.task?.attempt ?? 1
    if (attempt <= failures) throw new Error(`no luck in attempt ${attempt}`)
    return { attempt }
  },
  { params: z.object({ failures: z.int() }), retries: 2, backoff: '200ms' },
)

export const hopeless = defineJob(
  'trial.hopeless',
  (_djet, { how }) => {
    if (how === 'failed') throw new JobFailed('the file has no header')
    if (how === 'missing') throw new DjetError('ORDER_MISSING', 'there is no order 7', { status: 404 })
    throw new DjetError('NODE_CHANGED', 'somebody else was quicker', { status: 409 })
  },
  { params: z.object({ how: z.enum(['failed', 'missing', 'conflict']) }), retries: 1, backoff: '10ms' },
)

/** Fails in ways that TypeScript does not foresee. */
export const strange = defineJob(
  'trial.strange',
  async ({ task }, { how }) => {
    task?.progress('far' as never, Number.NaN, 'a\0b')
    task?.log({ message: 'said by an object' } as never, 'fatal' as never)
    if (how === 'nul') throw new Error('a\0b')
    if (how === 'null') throw null
    if (how === 'object') throw { code: 7, of: ['what'] }
    if (how === 'file') await task?.file('x.csv', 'text/csv', { path: '/no/such/file.csv' })
    if (how === 'cause') {
      const error = new Error('outside', { cause: new Error('inside') })
      ;(error.cause as Error).cause = error
      throw error
    }
    throw new Proxy(
      {},
      {
        get() {
          throw new Error('trap')
        },
      },
    )
  },
  { params: z.object({ how: z.string() }), retries: 0 },
)

export const deadly = defineJob(
  'trial.deadly',
  () => {
    process.exit(3)
  },
  { params: z.unknown(), retries: 1, backoff: '10ms' },
)

export const busy = defineJob(
  'trial.busy',
  async ({ task }, { steps }) => {
    for (let n = 1; n <= steps; n++) {
      task?.progress(n, steps, `step ${n}`)
      task?.log(`did step ${n}`, n === steps ? 'warn' : 'info')
      await sleep(120)
    }
  },
  { params: z.object({ steps: z.int() }) },
)

export const filed = defineJob(
  'trial.filed',
  async ({ task }, { name, type, bytes }) => {
    await task?.result({ rows: 2 })
    await task?.file(name, type, Buffer.alloc(bytes, 'x'))
    return 'done'
  },
  { params: z.object({ name: z.string(), type: z.string(), bytes: z.int() }) },
)

export const invoice = defineJob('trial.invoice', (_djet, { orderId }) => ({ orderId }), {
  params: z.object({ orderId: z.int(), note: z.string().optional() }),
  title: ({ orderId }) => `Invoice for order ${orderId}`,
  priority: 5,
})

/** Notes what it does, and undoes it in its first attempt. */
export const noted = defineJob(
  'trial.noted',
  (djet) =>
    djet.transaction(async (djet) => {
      await djet.audit({ action: 'trial.note', data: { attempt: djet.task?.attempt } })
      if (djet.task?.attempt === 1) throw new Error('not yet')
    }),
  { params: z.unknown(), retries: 1, backoff: '10ms' },
)

export const trial = definePlugin(() => ({
  name: 'trial',
  requires: ['jobmachine'],
  jobs: [
    slow,
    stubborn,
    endless,
    stuck,
    deaf,
    polite,
    flaky,
    hopeless,
    strange,
    deadly,
    busy,
    filed,
    invoice,
    noted,
  ],
}))
