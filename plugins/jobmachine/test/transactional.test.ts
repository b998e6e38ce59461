import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Program } from '../../../test/program.ts'
import { send, sendBatch, sendMany, taskView, waitFor } from '../index.ts'
import { giveBack } from '../queue/hold.ts'
import { afterwards, careless, crossing, entry, generous, loose, suicide } from './hard-site/ledger.ts'
import { createJobsSite, type JobsSite } from './jobs-site.ts'

const SITE = fileURLToPath(new URL('hard-site/', import.meta.url))

describe('a transactional job', { timeout: 120_000 }, () => {
  let site: JobsSite
  beforeAll(async () => {
    site = await createJobsSite('hard-site/')
    await site.djet.query('create table public.ledger (n int not null, task bigint)')
    // Right after its start a server leaves all workers time to come back.
    await site.djet.query(
      'select pg_sleep(greatest(0, 6.5 - extract(epoch from now() - pg_postmaster_start_time())::float8))',
    )
  })
  beforeEach(() => site.djet.query('truncate public.ledger'))
  afterAll(() => site.close())

  const count = async (sql: string, values: unknown[] = []): Promise<number> =>
    (await site.djet.query<{ n: number }>(`select count(*) as n ${sql}`, values))[0]!.n
  const rowsOf = (id: number) => count('from public.ledger where task = $1', [id])
  const sentBy = (n: number) => count('from jobmachine.task where title = $1', [`sent by ${n}`])
  const open = () => count('from jobmachine.task where status < 200')

  describe('in a worker thread', () => {
    let stop: () => Promise<void>
    beforeAll(async () => {
      stop = await site.work({ threads: 1 })
    })
    afterAll(() => stop())

    it('commits what it wrote, its results, what it sent and its end together', async () => {
      const { id } = await send(site.djet, generous, { n: 1, failures: 0 })
      expect(await waitFor(site.djet, id)).toMatchObject({
        status: 'finished',
        results: [{ row: 1 }, { name: 'n.txt', size: 1 }, 'done'],
      })
      expect([await rowsOf(id), await sentBy(1)]).toEqual([1, 1])
      expect(await count('from djet.file where kept')).toBe(1)
    })

    it('rolls all of it back when it fails, and keeps log and error', async () => {
      const files = await count('from djet.file')
      const { id } = await send(site.djet, generous, { n: 2, failures: 2 })
      expect(await waitFor(site.djet, id)).toMatchObject({
        status: 'finished',
        results: [{ row: 2 }, { name: 'n.txt' }, 'done'],
      })
      expect([await rowsOf(id), await sentBy(2)]).toEqual([1, 1])
      expect(await count('from djet.file')).toBe(files + 1)
      const view = (await taskView(site.djet, id))!
      expect(view.attempts.map(({ error }) => error)).toEqual(['changed my mind', 'changed my mind'])
      expect(view.log.map(({ message }) => message)).toEqual(['attempt 1', 'attempt 2', 'attempt 3'])
    })

    it('leaves nothing when it fails for good', async () => {
      const { id } = await send(site.djet, generous, { n: 3, failures: 9 })
      expect(await waitFor(site.djet, id)).toMatchObject({ status: 'failed', results: [] })
      expect([await rowsOf(id), await sentBy(3)]).toEqual([0, 0])
    })

    it('is rolled back when the task was given to another meanwhile', async () => {
      const { id } = await send(site.djet, entry, { n: 4, ms: 1500 })
      await expect
        .poll(async () => (await taskView(site.djet, id))!.status, { timeout: 10_000 })
        .toBe('running')
      const [held] = await site.djet.query<{ worker_id: number }>(
        'select worker_id from jobmachine.held where $1 = any (tasks)',
        [id],
      )
      // As when its worker is taken for dead: at once, though its transaction is open.
      const began = Date.now()
      expect(await giveBack(site.djet, held!.worker_id, [])).toBe(1)
      expect(Date.now() - began).toBeLessThan(1000)
      expect(await waitFor(site.djet, id)).toMatchObject({ status: 'finished', results: [{ n: 4 }] })
      expect(await rowsOf(id)).toBe(1)
      expect(await taskView(site.djet, id)).toMatchObject({ attempt: 1, attempts: [] })
      await expect.poll(() => count('from jobmachine.held')).toBe(0)
    })

    it('is tried again soon when two were in the way of each other', async () => {
      await site.djet.query('insert into public.ledger values (0, -1), (0, -2)')
      const tasks = await sendMany(site.djet, crossing, [
        { first: -1, second: -2 },
        { first: -2, second: -1 },
      ])
      for (const { id } of tasks) expect(await waitFor(site.djet, id)).toMatchObject({ status: 'finished' })
      expect(await count('from public.ledger where n = 2')).toBe(2)
      const views = await Promise.all(tasks.map(({ id }) => taskView(site.djet, id)))
      expect(views.flatMap((view) => view!.attempts.map(({ error }) => error))).toEqual(['deadlock detected'])
    })

    it('says what is wrong when it passes over the error of a statement', async () => {
      const { id } = await send(site.djet, careless, {})
      const { status, error } = await waitFor(site.djet, id)
      expect(status).toBe('failed')
      expect(error).toContain('Wrap that statement in a transaction of its own')
      expect(await rowsOf(id)).toBe(0)
    })

    it('has finished when it is committed, whatever fails afterwards', async () => {
      const { id } = await send(site.djet, afterwards, {})
      expect(await waitFor(site.djet, id)).toMatchObject({ status: 'finished' })
      expect(await rowsOf(id)).toBe(1)
      expect(await taskView(site.djet, id)).toMatchObject({ attempts: [] })
    })

    it('ends its batch, and its parcels are dropped', async () => {
      const params = Array.from({ length: 200 }, (_, n) => ({ n }))
      const batch = await sendBatch(site.djet, { title: 'Rows', job: entry, params })
      expect(await waitFor(site.djet, batch.id)).toMatchObject({
        status: 'finished',
        results: [{ tasks: 200, finished: 200, failed: 0 }],
      })
      expect(await count('from (select n from public.ledger group by n having count(*) = 1) as once')).toBe(
        200,
      )
      await expect.poll(() => count('from jobmachine.held')).toBe(0)
    })
  })

  describe('in processes that are killed', () => {
    const work = () => new Program(SITE, ['work', '--threads', '1'], { DATABASE_URL: site.databaseUrl })

    it.each(['before', 'after'] as const)('has its effect once: killed right %s the commit', async (when) => {
      const n = when === 'before' ? 11 : 12
      const batch = await sendBatch(site.djet, { title: when, job: suicide, params: [{ n, when }] })
      const first = work()
      expect((await first.ended).status).toBeNull()
      expect(await count('from public.ledger where n = $1', [n])).toBe(when === 'before' ? 0 : 1)
      const stop = await site.work()
      expect(await waitFor(site.djet, batch.id)).toMatchObject({ status: 'finished' })
      expect(await count('from public.ledger where n = $1', [n])).toBe(1)
      expect(await sentBy(n)).toBe(1)
      const [task] = await site.djet.query<{ id: number; attempt: number }>(
        'select task_id as id, attempt from jobmachine.task where parent_id = $1',
        [batch.id],
      )
      expect(task!.attempt).toBe(when === 'before' ? 2 : 1)
      expect(await waitFor(site.djet, task!.id)).toMatchObject({ results: [{ early: n }, { n }] })
      await stop()
    })

    it('does not wait for a worker that is frozen in its transaction, and refuses what that commits later', async () => {
      // The second attempt would wait for the first one's key.
      await site.djet.query('create unique index once on public.ledger (n) where n = 13')
      const program = work()
      const { id } = await send(site.djet, entry, { n: 13, ms: 3000 })
      await expect
        .poll(async () => (await taskView(site.djet, id))!.status, { timeout: 30_000, interval: 20 })
        .toBe('running')
      process.kill(program.pid!, 'SIGSTOP')
      const stop = await site.work()
      expect(await waitFor(site.djet, id, { timeout: '60s' })).toMatchObject({ status: 'finished' })
      expect(await rowsOf(id)).toBe(1)
      const { worker, attempts } = (await taskView(site.djet, id))!
      expect(worker!.pid).toBe(process.pid)
      expect(attempts).toMatchObject([{ attempt: 1, error: 'worker died' }])
      process.kill(program.pid!, 'SIGCONT')
      await sleep(4000)
      expect(await rowsOf(id)).toBe(1)
      expect((await taskView(site.djet, id))!.attempts).toHaveLength(1)
      await program.stop('SIGKILL')
      await stop()
    })

    it('has its effect once by count, by the hundred', async () => {
      const params = Array.from({ length: 300 }, (_, n) => ({ n, ms: n % 3 === 0 ? 0 : 30 }))
      await sendMany(site.djet, entry, params)
      await sendMany(
        site.djet,
        loose,
        params.map(({ n, ms }) => ({ n: 1000 + n, ms })),
      )
      const done = () =>
        count(
          'from jobmachine.task t join jobmachine.class c using (class_id) where c.name in ($1, $2) and status = 200',
          ['ledger.entry', 'ledger.loose'],
        )
      const before = await done()
      for (let kills = 0; kills < 4; kills++) {
        const program = work()
        const enough = (await done()) + 30
        await expect.poll(done, { timeout: 30_000, interval: 20 }).toBeGreaterThan(enough)
        await sleep(Math.random() * 100)
        await program.stop('SIGKILL')
      }
      const stop = await site.work({ threads: 2 })
      await expect.poll(open, { timeout: 60_000 }).toBe(0)
      await stop()
      expect((await done()) - before).toBe(600)
      const ledger = await site.djet.query<{ n: number; rows: number }>(
        'select n, count(*)::int as rows from public.ledger group by n order by n',
      )
      const exact = ledger.filter(({ n }) => n < 1000)
      expect(exact).toEqual(params.map(({ n }) => ({ n, rows: 1 })))
      // The control: each at least once. Twice, when its worker died after the insert and before the end was written.
      const control = ledger.filter(({ n }) => n >= 1000)
      expect(control).toHaveLength(300)
      expect(Math.min(...control.map(({ rows }) => rows))).toBe(1)
    })
  })
})
