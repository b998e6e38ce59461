import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listAudit } from '../../../core/index.ts'
import { createTestSite, type TestSite } from '../../../test/site.ts'
import { jobsCommand } from '../commands.ts'
import { checkHooks } from '../hooks.ts'
import {
  cancelTask,
  defineJob,
  echo,
  jobmachine,
  retryTask,
  type SentTask,
  send,
  sendBatch,
  startWorkers,
  waitFor,
} from '../index.ts'
import { keptFor, retentionOf } from '../kept.ts'
import { keptShort } from './hooked.ts'
import { deadly, flaky, hopeless, slow } from './trial.ts'

let site: TestSite
let stop: () => Promise<void>
beforeAll(async () => {
  site = await createTestSite({ dir: fileURLToPath(new URL('hooks-site/', import.meta.url)) })
  const retention = { finished: 3_600_000, failed: 36_000_000 }
  stop = await startWorkers(site.app, { threads: 1, concurrency: 2, grace: 1000, prefetch: true, retention })
})
afterAll(async () => {
  await stop?.()
  await site?.close()
})

/** What the hooks were told of a task. */
async function told({ id }: SentTask): Promise<string[]> {
  const { items } = await listAudit(site.djet, {})
  return items
    .filter(({ action, subject }) => action.startsWith('hooked.') && subject === `task ${id}`)
    .map(({ action, data }) => `${action.slice(7)} ${data!.attempt} ${data!.error}`)
    .reverse()
}

describe('hooks', () => {
  it('are told when tasks finish, fail, are tried again, die, or are sent back by hand', async () => {
    const done = await send(site.djet, echo, {})
    await expect.poll(() => told(done), { timeout: 15_000 }).toEqual(['finished 1 null'])
    const again = await send(site.djet, flaky, { failures: 1 })
    await expect
      .poll(() => told(again), { timeout: 15_000 })
      .toEqual(['retried 1 no luck in attempt 1', 'finished 2 null'])
    const failed = await send(site.djet, hopeless, { how: 'failed' })
    await expect.poll(() => told(failed), { timeout: 15_000 }).toEqual(['failed 1 the file has no header'])
    await retryTask(site.djet, failed.id)
    await expect
      .poll(async () => (await told(failed)).at(-1), { timeout: 15_000 })
      .toBe('failed 2 the file has no header')
    const dead = await send(site.djet, deadly, {})
    await expect
      .poll(async () => (await told(dead)).at(-1), { timeout: 20_000 })
      .toMatch(/^failed 2 worker died: /)
  }, 40_000)

  it('are told what is cancelled, waiting or running', async () => {
    const waiting = await send(site.djet, slow, { ms: 1 }, { runAfter: '1h' })
    await cancelTask(site.djet, waiting.id)
    await expect.poll(() => told(waiting), { timeout: 15_000 }).toEqual(['cancelled 1 cancelled'])
    const running = await send(site.djet, slow, { ms: 30_000 })
    const status = async () =>
      (
        await site.djet.query<{ status: number }>('select status from jobmachine.task where task_id = $1', [
          running.id,
        ])
      )[0]!.status
    await expect.poll(status, { timeout: 20_000 }).toBe(100)
    await cancelTask(site.djet, running.id)
    await expect.poll(() => told(running), { timeout: 15_000 }).toEqual(['cancelled 1 cancelled'])
  }, 40_000)

  it('are told of batches, and of what failed since it waited for a task that did', async () => {
    const upstream = await send(site.djet, hopeless, { how: 'failed' }, { runAfter: '300ms' })
    const waiting = await send(site.djet, echo, {}, { after: [upstream.id] })
    const good = await sendBatch(site.djet, { title: 'Two', job: echo, params: [1, 2] })
    const none = await sendBatch(site.djet, { title: 'None', job: echo, params: [] })
    const reason = `task ${upstream.id}, which it waited for, failed`
    await expect.poll(() => told(waiting), { timeout: 15_000 }).toEqual([`failed 1 ${reason}`])
    const late = await send(site.djet, echo, {}, { after: [upstream.id] })
    await expect.poll(() => told(late), { timeout: 15_000 }).toEqual([`failed 1 ${reason}`])
    for (const batch of [good, none]) {
      await expect.poll(() => told(batch), { timeout: 15_000 }).toEqual(['finished 1 null'])
    }
  }, 40_000)

  it('that throw hold up nothing', async () => {
    const broken = await send(site.djet, keptShort, {})
    expect((await waitFor(site.djet, broken.id)).status).toBe('finished')
    const next = await send(site.djet, echo, {})
    await expect.poll(() => told(next), { timeout: 15_000 }).toEqual(['finished 1 null'])
  })
})

describe('retention', () => {
  it('is by class and by how a task ended', async () => {
    const hours = async ({ id }: SentTask) => {
      const [row] = await site.djet.query<{ hours: number }>(
        `select round(extract(epoch from remove_after - finished) / 3600, 2)::float8 as hours
         from jobmachine.task where task_id = $1`,
        [id],
      )
      return row!.hours
    }
    const sent = [
      await send(site.djet, echo, {}),
      await send(site.djet, hopeless, { how: 'failed' }),
      await send(site.djet, keptShort, {}),
    ]
    for (const { id } of sent) await waitFor(site.djet, id)
    expect(await Promise.all(sent.map(hours))).toEqual([1, 10, 0.08])
  })

  it('is checked, and the narrower rule goes first', () => {
    expect(retentionOf('1m', 'x')).toBe(60_000)
    expect(keptFor('failed', { finished: 1 }, { failed: 2 })).toBe(2)
    expect(keptFor('finished', { finished: 1 }, 2)).toBe(1)
    expect(keptFor('finished', undefined, {})).toBe(30 * 86_400_000)
    const policy = { params: keptShort.params }
    expect(() => defineJob('a.b', () => {}, { ...policy, retention: { done: '1h' } as never })).toThrow(
      "has 'finished' and 'failed', not 'done'",
    )
    expect(() => defineJob('a.b', () => {}, { ...policy, transactionl: true } as never)).toThrow(
      "it has no option 'transactionl'. Did you mean 'transactional'?",
    )
    const odd = { contributions: () => [{ plugin: { name: 'odd' }, value: { finishd: () => {} } }] }
    expect(() => checkHooks(odd as never)).toThrow("Did you mean 'finished'?")
    expect(() => jobmachine({ retention: { failed: 'long' as never } })).toThrow(
      'retention.failed of jobmachine()',
    )
  })
})

it('djet jobs recount puts the counters right', async () => {
  const lines: string[] = []
  const run = (args: string[]) =>
    jobsCommand.run({
      args,
      dir: site.app.config.dir,
      open: async () => site.app,
      print: (line) => lines.push(line),
      signal: new AbortController().signal,
    })
  await site.djet.query(`insert into jobmachine.kept values (jobmachine.class_id('hooked.short'), 900, 5)
    on conflict (class_id, status) do update set n = 5`)
  await run(['recount'])
  expect(lines).toContain('hooked.short, failed: 0 instead of 5')
  await expect(run(['count'])).rejects.toMatchObject({ code: 'USAGE' })
})
