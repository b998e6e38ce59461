import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { Program } from '../../../test/program.ts'
import { cancelTask, defineJob, noop, send, sendByName, sendMany, taskView, waitFor } from '../index.ts'
import {
  crash,
  greedy,
  held,
  leaving,
  loop,
  native,
  nativeThread,
  pause,
  program,
  where,
} from './hard-site/isolated.ts'
import { apart } from './hard-site/ledger.ts'
import { createJobsSite, type JobsSite } from './jobs-site.ts'

const SITE = fileURLToPath(new URL('hard-site/', import.meta.url))
/** Programs that run under that name; those that are dead and not waited for do not count. */
function programs(mark: string): number {
  const lines = execFileSync('ps', ['-eo', 'stat=,args=']).toString().split('\n')
  return lines.filter((line) => line.includes(mark) && !line.startsWith('Z') && !line.includes('/bin/'))
    .length
}

describe('a job in a process of its own', { timeout: 90_000 }, () => {
  let site: JobsSite
  let stop: () => Promise<void>
  beforeAll(async () => {
    site = await createJobsSite('hard-site/')
    stop = await site.work({ threads: 1 })
    await waitFor(site.djet, (await send(site.djet, where, {})).id, { timeout: '60s' })
  }, 120_000)
  afterAll(() => site.close())

  const pidOf = async (id: number): Promise<number> =>
    ((await waitFor(site.djet, id)).results.at(-1) as { pid: number }).pid
  const status = async (id: number) => (await taskView(site.djet, id))!.status
  /** Milliseconds of its last attempt that failed. */
  const lasted = async (id: number): Promise<number> => {
    const { started, ended } = (await taskView(site.djet, id))!.attempts.at(-1)!
    return ended!.getTime() - started!.getTime()
  }

  it('runs there with all that a task can do, and the process is used again', async () => {
    const { id } = await send(site.djet, where, {})
    const { status, results } = await waitFor(site.djet, id)
    expect(status).toBe('finished')
    expect(results).toMatchObject([{ early: true }, { name: 'a.txt', size: 3 }, {}])
    const view = (await taskView(site.djet, id))!
    expect(view.log).toMatchObject([{ message: 'hello' }])
    expect(view.progress).toMatchObject({ done: 1, total: 2, note: 'half' })
    const pid = await pidOf(id)
    expect(pid).not.toBe(process.pid)
    expect(await pidOf((await send(site.djet, where, {})).id)).toBe(pid)
  })

  it('has one process for each task that runs', async () => {
    const tasks = await sendMany(site.djet, where, Array(4).fill({ ms: 3000 }))
    const pids = await Promise.all(tasks.map(({ id }) => pidOf(id)))
    expect(new Set(pids).size).toBe(4)
  })

  it.each([
    ['native code', native.name, 'djet-native'],
    ['a program', program.name, 'djet-program'],
  ])('dies of its time limit in %s, with what it started', async (_what, job, mark) => {
    const beside = await send(site.djet, where, { ms: 1500 })
    const { id } = await sendByName(site.djet, job, JSON.stringify({ mark }))
    expect(await waitFor(site.djet, id)).toMatchObject({ error: 'timeout: not done after 500ms' })
    expect(programs(mark)).toBe(0)
    expect(await waitFor(site.djet, beside.id)).toMatchObject({ status: 'finished' })
    expect(await taskView(site.djet, beside.id)).toMatchObject({ attempt: 1, attempts: [] })
  })

  it('is dead within 5 s past its limit, once it has begun', async () => {
    await pidOf((await send(site.djet, where, {})).id)
    const { id } = await send(site.djet, native, {})
    await waitFor(site.djet, id)
    expect(await lasted(id)).toBeLessThan(5500)
  })

  it('takes along a program that a polite function leaves behind at its limit', async () => {
    const { id } = await send(site.djet, leaving, { mark: 'djet-leaving' })
    expect(await waitFor(site.djet, id)).toMatchObject({ error: 'timeout: not done after 500ms' })
    expect(programs('djet-leaving')).toBe(0)
  })

  it('can be cancelled, whatever it does', async () => {
    const { id } = await send(site.djet, held, { deaf: true, mark: 'djet-cancelled' })
    await expect.poll(() => programs('djet-cancelled'), { timeout: 20_000 }).toBe(1)
    await cancelTask(site.djet, id)
    expect(await waitFor(site.djet, id)).toMatchObject({ status: 'failed', error: 'cancelled' })
    expect(programs('djet-cancelled')).toBe(0)
  })

  it.each([
    ['exit', 'its process ended with exit code 7', null],
    ['signal', 'its process was ended by SIGSEGV', null],
    ['uncaught', 'its process ended with exit code 1', 'nobody caught this'],
  ] as const)('fails of the death of its process, and nothing else does: %s', async (how, error, stack) => {
    const beside = await send(site.djet, where, { ms: 1000 })
    const { id } = await send(site.djet, crash, { how })
    expect(await waitFor(site.djet, id)).toMatchObject({ status: 'failed', error })
    const { attempts } = (await taskView(site.djet, id))!
    expect(attempts.map((attempt) => attempt.error)).toEqual([error, error])
    if (stack) expect(attempts[0]!.stack).toContain(stack)
    expect(await waitFor(site.djet, beside.id)).toMatchObject({ status: 'finished' })
    expect((await taskView(site.djet, beside.id))!.attempts).toEqual([])
  })

  it('fails as in a thread when its function throws', async () => {
    const { id } = await send(site.djet, crash, { how: 'failed' })
    expect(await waitFor(site.djet, id)).toMatchObject({ status: 'failed', error: 'the file has no header' })
    expect((await taskView(site.djet, id))!.attempts).toHaveLength(1)
  })

  it('is killed when it uses more memory than it may', async () => {
    const { id } = await send(site.djet, greedy, {})
    const { status, error } = await waitFor(site.djet, id)
    expect(status).toBe('failed')
    expect(error).toMatch(/^out of memory: its process used \d+MB/)
  })

  it('has its effect once when it is transactional', async () => {
    await site.djet.query('create table public.ledger (n int not null, task bigint)')
    const tasks = await sendMany(
      site.djet,
      apart,
      Array.from({ length: 20 }, (_, n) => ({ n })),
    )
    for (const { id } of tasks) expect(await waitFor(site.djet, id)).toMatchObject({ status: 'finished' })
    const [row] = await site.djet.query('select count(*) as rows, count(distinct n) as ns from public.ledger')
    expect(row).toEqual({ rows: 20, ns: 20 })
    await expect
      .poll(async () => (await site.djet.query('select from jobmachine.held')).length, { timeout: 5000 })
      .toBe(0)
  })

  it('goes back at a stop, unblamed, and no process is left', async () => {
    const deaf = await send(site.djet, held, { deaf: true, mark: 'djet-stopped' })
    const polite = await send(site.djet, held, { deaf: false })
    await expect.poll(() => programs('djet-stopped'), { timeout: 20_000 }).toBe(1)
    await expect.poll(() => status(polite.id), { timeout: 20_000 }).toBe('running')
    await stop()
    expect(programs('djet-stopped')).toBe(0)
    for (const { id } of [deaf, polite]) {
      expect(await taskView(site.djet, id)).toMatchObject({ status: 'waiting', attempt: 0, attempts: [] })
      await cancelTask(site.djet, id)
    }
    const children = execFileSync('ps', ['-eo', 'ppid=,args=']).toString().split('\n')
    expect(
      children.filter(
        (line) => line.trim().startsWith(`${process.pid} `) && line.includes('process/start.mjs'),
      ),
    ).toEqual([])
  })

  it.each([true, false])('ends when its worker is killed; stuck in a program: %s', async (deaf) => {
    const mark = `djet-orphan-${deaf}`
    const worker = new Program(SITE, ['work', '--threads', '1'], { DATABASE_URL: site.databaseUrl })
    const { id } = await send(site.djet, held, { deaf, mark })
    await expect.poll(() => status(id), { timeout: 40_000 }).toBe('running')
    const children = () => {
      const pid = execFileSync('ps', ['-eo', 'pid=,stat=,args=']).toString().split('\n')
      return pid.filter((line) => line.includes(`start.mjs ${worker.pid}`) && !/^\s*\d+ Z/.test(line)).length
    }
    if (deaf) await expect.poll(() => programs(mark), { timeout: 20_000 }).toBe(1)
    else await expect.poll(children, { timeout: 20_000 }).toBe(1)
    await worker.stop('SIGKILL')
    await expect.poll(() => programs(mark) + children(), { timeout: 5000 }).toBe(0)
    await cancelTask(site.djet, id)
  })
})

describe('a time limit in a thread', { timeout: 90_000 }, () => {
  let site: JobsSite
  beforeAll(async () => {
    site = await createJobsSite('hard-site/')
    await site.work({ threads: 2 })
  })
  afterEach(() => vi.restoreAllMocks())
  afterAll(() => site.close())

  it('ends an endless loop within a second', { retry: 2 }, async () => {
    await waitFor(site.djet, (await send(site.djet, noop, {})).id)
    const { id } = await send(site.djet, loop, {})
    expect(await waitFor(site.djet, id)).toMatchObject({ error: 'timeout: not done after 700ms' })
    const { started, ended } = (await taskView(site.djet, id))!.attempts[0]!
    const lasted = ended!.getTime() - started!.getTime()
    expect(lasted).toBeGreaterThan(700)
    expect(lasted).toBeLessThan(1700)
  })

  it('in native code: it has failed when the thread is dead and not before; its other tasks do not wait for that', async () => {
    const threads = () => site.djet.query('select from jobmachine.worker where ended is null')
    await expect.poll(() => threads().then((rows) => rows.length), { timeout: 30_000 }).toBe(2)
    const warn = vi.spyOn(site.app.log, 'warn')
    // Those that begin beside it in its thread are given to the other one when it is found stuck.
    const beside = await sendMany(site.djet, pause, Array(7).fill({}))
    const stuck = await send(site.djet, nativeThread, {}, { priority: -1 })
    const others = await sendMany(site.djet, noop, Array(300).fill({}))
    const ids = [...beside, ...others].map((task) => task.id)
    const unblamed = `from jobmachine.task t where task_id = any ($1) and status = 200 and attempt = 1
      and not exists (select from jobmachine.attempt a where a.task_id = t.task_id)`
    const count = async (sql: string, values: unknown[]): Promise<number> =>
      (await site.djet.query<{ n: number }>(`select count(*) as n ${sql}`, values))[0]!.n
    await expect.poll(() => count(unblamed, [ids]), { timeout: 20_000 }).toBe(307)
    expect(await waitFor(site.djet, stuck.id)).toMatchObject({ error: 'timeout: not done after 500ms' })
    const { started, ended } = (await taskView(site.djet, stuck.id))!.attempts[0]!
    expect(await count(`${unblamed} and finished < $2`, [ids, ended])).toBe(307)
    // Long past its limit and what follows that: it was in its call to the end.
    expect(ended!.getTime() - started!.getTime()).toBeGreaterThan(2000)
    expect(warn.mock.calls.flat().join('\n')).toContain("isolation: 'process'")
    expect(await waitFor(site.djet, (await send(site.djet, noop, {})).id)).toMatchObject({
      status: 'finished',
    })
  })
})

describe('defineJob', () => {
  const params = z.unknown()

  it('refuses what cannot be', () => {
    const job = (policy: object) => () => defineJob('a', () => {}, { params, ...policy })
    expect(job({ isolation: 'fork' })).toThrow("isolation is 'fork'; it must be 'thread' or 'process'")
    expect(job({ transactional: 'yes' })).toThrow("transactional is 'yes'; it must be true or false")
    expect(job({ memory: '512MB' })).toThrow("memory is '512MB', which needs isolation: 'process'")
    expect(job({ isolation: 'process', memory: '512' })).toThrow("memory is '512'; it must be a size from")
    expect(job({ isolation: 'process', memory: '16MB' })).toThrow('it must be a size from')
    expect(job({ isolation: 'process', memory: '1.5GB' })()).toMatchObject({ memory: 1.5 * 2 ** 30 })
  })
})
