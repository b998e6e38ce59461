import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { echo, listTasks, send, sendMany, taskView, waitFor } from '../index.ts'
import { createJobsSite, type JobsSite } from './jobs-site.ts'
import { slow, stubborn } from './trial.ts'

const DJET = fileURLToPath(new URL('../../../core/bin/djet.mjs', import.meta.url))
const SITE = fileURLToPath(new URL('site/', import.meta.url))

describe('another process with workers', { timeout: 90_000 }, () => {
  let site: JobsSite
  const children: ChildProcess[] = []
  beforeAll(async () => {
    site = await createJobsSite()
    // Right after its start a server leaves all workers time to come back.
    await site.djet.query(
      'select pg_sleep(greatest(0, 6.5 - extract(epoch from now() - pg_postmaster_start_time())::float8))',
    )
  })
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL')
    await site.close()
  })

  function work(...args: string[]): ChildProcess & { output: () => string } {
    const child = spawn(process.execPath, [DJET, 'work', ...args], {
      cwd: SITE,
      env: { ...process.env, DATABASE_URL: site.databaseUrl },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    child.stdout.on('data', (text) => (output += text))
    child.stderr.on('data', (text) => (output += text))
    children.push(child)
    return Object.assign(child, { output: () => output })
  }

  async function until(what: () => Promise<boolean>): Promise<void> {
    for (let n = 0; n < 1600; n++) {
      if (await what()) return
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
    throw new Error('it did not happen within 40 s')
  }

  it('that is killed has its tasks running again elsewhere', async () => {
    const child = work('--threads', '1')
    const { id } = await send(site.djet, stubborn, {})
    await until(async () => (await taskView(site.djet, id))?.status === 'running')
    expect((await taskView(site.djet, id))!.worker!.pid).toBe(child.pid)
    const stop = await site.work()
    await waitForOwnThread()
    child.kill('SIGKILL')
    await until(async () => (await taskView(site.djet, id))!.attempt === 2)
    const view = (await taskView(site.djet, id))!
    expect(view.worker!.pid).toBe(process.pid)
    expect(view.attempts).toMatchObject([{ attempt: 1, error: 'worker died' }])
    expect(await waitFor(site.djet, id)).toMatchObject({ status: 'finished' })
    await stop()
  })

  it('ends at SIGTERM: what runs may finish, the rest goes back', async () => {
    const child = work('--threads', '1', '--classes', 'trial.slow')
    await until(async () => child.output().includes('worker thread runs'))
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
    const tasks = await sendMany(site.djet, slow, Array(12).fill({ ms: 1500 }))
    await until(async () => {
      const views = await Promise.all(tasks.map(({ id }) => taskView(site.djet, id)))
      return views.some((view) => view?.worker?.pid === child.pid)
    })
    child.kill('SIGTERM')
    expect(await ended).toBe(0)
    const left = await listTasks(site.djet, { class: 'trial.slow', status: 'running' })
    expect(left.tasks).toEqual([])
    await site.work()
    for (const { id } of tasks) {
      expect(await waitFor(site.djet, id)).toMatchObject({ status: 'finished' })
      expect((await taskView(site.djet, id))!.attempts).toEqual([])
    }
  })

  it('names the class that was meant', async () => {
    const child = work('--classes', 'trial.slo')
    const code = await new Promise<number | null>((resolve) => child.once('exit', resolve))
    expect(code).toBe(1)
    expect(child.output()).toContain("Did you mean 'trial.slow'?")
  })

  it('a worker whose database connection is cut goes on, with the same task', async () => {
    const { id } = await send(site.djet, slow, { ms: 2000 })
    await until(async () => (await taskView(site.djet, id))?.status === 'running')
    await site.djet.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'djet-worker%' and datname = current_database()",
    )
    expect(await waitFor(site.djet, id)).toMatchObject({ status: 'finished' })
    expect((await taskView(site.djet, id))!.attempts).toEqual([])
    expect(await waitFor(site.djet, (await send(site.djet, echo, { on: 1 })).id)).toMatchObject({
      results: [{ on: 1 }],
    })
  })

  /** The thread of this process is up when it has ended a task of its own. */
  async function waitForOwnThread(): Promise<void> {
    await until(async () => {
      const { id } = await send(site.djet, echo, {})
      await waitFor(site.djet, id)
      return (await taskView(site.djet, id))!.worker!.pid === process.pid
    })
  }
})
