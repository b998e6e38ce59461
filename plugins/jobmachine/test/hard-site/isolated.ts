import { execSync, spawn } from 'node:child_process'
import { pbkdf2Sync } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { definePlugin } from '../../../../core/index.ts'
import { defineJob, JobFailed } from '../../index.ts'

const none = { params: z.unknown(), retries: 0 } as const
const apart = { ...none, isolation: 'process' } as const

/** Says where it ran, with all that a task can do. */
export const where = defineJob(
  'isolated.where',
  async ({ task }, { ms }) => {
    task?.progress(1, 2, 'half')
    task?.log('hello')
    await task?.result({ early: true })
    await task?.file('a.txt', 'text/plain', 'abc')
    await sleep(ms)
    return { pid: process.pid }
  },
  { ...apart, params: z.object({ ms: z.number().default(0) }) },
)

/** Blocks its thread in native code, in one call: nothing in Node can interrupt that. */
export function block(seconds: number): void {
  const begin = Date.now()
  pbkdf2Sync('password', 'salt', 20_000, 64, 'sha512')
  const rounds = Math.round((seconds * 1000 * 20_000) / (Date.now() - begin + 1))
  pbkdf2Sync('password', 'salt', rounds, 64, 'sha512')
}

export const native = defineJob('isolated.native', () => block(20), {
  ...apart,
  params: z.object({ mark: z.string().default('none') }),
  timeout: '500ms',
})

/** The same in a thread, for about six seconds. */
export const nativeThread = defineJob('isolated.nativeThread', () => block(6), { ...none, timeout: '500ms' })

export const loop = defineJob(
  'isolated.loop',
  () => {
    for (;;);
  },
  { ...none, timeout: '700ms' },
)

/** Beside others. */
export const pause = defineJob('isolated.pause', () => sleep(300), { ...none })

/** Starts a program and waits for it without looking at anything else. */
export const program = defineJob(
  'isolated.program',
  (_djet, { mark }) => {
    execSync(`exec -a ${mark} sleep 60`, { shell: '/bin/bash' })
  },
  { ...apart, params: z.object({ mark: z.string() }), timeout: '500ms' },
)

/** Ends politely at the signal, and leaves a program behind. */
export const leaving = defineJob(
  'isolated.leaving',
  async (djet, { mark }) => {
    spawn('/bin/bash', ['-c', `exec -a ${mark} sleep 60`], { stdio: 'ignore' })
    await sleep(60_000, undefined, { signal: djet.signal })
  },
  { ...apart, params: z.object({ mark: z.string() }), timeout: '500ms' },
)

/** Stuck as long as the test likes. */
export const held = defineJob(
  'isolated.held',
  (djet, { mark, deaf }) => {
    if (deaf) execSync(`exec -a ${mark} sleep 60`, { shell: '/bin/bash' })
    return sleep(60_000, undefined, { signal: djet.signal })
  },
  { ...apart, params: z.object({ mark: z.string().default('none'), deaf: z.boolean() }), retries: 3 },
)

export const greedy = defineJob(
  'isolated.greedy',
  async () => {
    const kept: Buffer[] = []
    for (;;) {
      kept.push(Buffer.alloc(16 * 2 ** 20, 1))
      if (kept.length % 4 === 0) await sleep(1)
    }
  },
  { ...apart, memory: '300MB' },
)

/** Ends its process in one way or the other. */
export const crash = defineJob(
  'isolated.crash',
  async (_djet, { how }) => {
    if (how === 'exit') process.exit(7)
    if (how === 'signal') process.kill(process.pid, 'SIGSEGV')
    if (how === 'uncaught')
      setTimeout(() => {
        throw new Error('nobody caught this')
      }, 1)
    if (how === 'failed') throw new JobFailed('the file has no header')
    await sleep(10_000)
  },
  {
    ...apart,
    params: z.object({ how: z.enum(['exit', 'signal', 'uncaught', 'failed']) }),
    retries: 1,
    backoff: '10ms',
  },
)

export const isolated = definePlugin(() => ({
  name: 'isolated',
  requires: ['jobmachine'],
  jobs: [where, native, nativeThread, loop, pause, program, leaving, held, greedy, crash],
}))
