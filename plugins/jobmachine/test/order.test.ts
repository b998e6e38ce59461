import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  cancelTask,
  dependenciesOf,
  echo,
  pauseClass,
  resumeClass,
  retryTask,
  send,
  sendBatch,
  sendMany,
  taskView,
  waitFor,
} from '../index.ts'
import { createJobsSite, type JobsSite } from './jobs-site.ts'
import { few, free, once, rated, refused } from './limits-trial.ts'

interface Run {
  readonly who: string
  readonly began: Date
  readonly ended: Date
}

describe('the order in which tasks run', () => {
  let site: JobsSite
  beforeAll(async () => {
    site = await createJobsSite()
    await site.djet.query(
      'create table trial_run (class text, who text, began timestamptz, ended timestamptz)',
    )
  })
  afterAll(() => site.close())
  afterEach(() => site.djet.query('truncate trial_run'))

  const runs = (): Promise<Run[]> =>
    site.djet.query<Run>('select who, began, ended from trial_run order by began')

  async function all(tasks: readonly { id: number }[]): Promise<string[]> {
    const ends = await Promise.all(tasks.map(({ id }) => waitFor(site.djet, id, { timeout: '60s' })))
    return ends.map((end) => end.status)
  }

  /** Most that ran at the same moment. */
  function atOnce(runs: readonly Run[]): number {
    return Math.max(
      ...runs.map((one) => runs.filter((r) => r.began <= one.began && r.ended > one.began).length),
    )
  }

  describe('with limits, over two groups of workers', () => {
    let stops: (() => Promise<void>)[]
    beforeAll(async () => {
      stops = await Promise.all([site.work(), site.work()])
    })
    afterAll(() => Promise.all(stops.map((stop) => stop())))

    it('runs no more of a class, and of a key, than it says', async () => {
      const who = ['a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'b3', 'c1', 'c2', 'c3', 'c4', 'c5']
      const tasks = await sendMany(
        site.djet,
        few,
        who.map((who) => ({ who })),
      )
      expect(new Set(await all(tasks))).toEqual(new Set(['finished']))
      const ran = await runs()
      expect(ran.map((run) => run.who).sort()).toEqual(who)
      expect(atOnce(ran)).toBe(2)
      for (const key of ['a', 'b', 'c']) expect(atOnce(ran.filter((run) => run.who.startsWith(key)))).toBe(1)
    })

    it('starts no more in a span of time than it says, and others meanwhile', async () => {
      const tasks = await sendMany(
        site.djet,
        rated,
        Array.from({ length: 14 }, (_, n) => ({ who: `r${n}`, ms: 1 })),
      )
      const other = await send(site.djet, free, { who: 'free', ms: 1 })
      await waitFor(site.djet, other.id, { timeout: '2s' })
      await all(tasks)
      const began = (await runs()).filter((run) => run.who !== 'free').map((run) => run.began.getTime())
      // Counted when they are claimed: a start follows a moment later, on a busy machine.
      for (const at of began)
        expect(began.filter((b) => b >= at && b < at + 500).length).toBeLessThanOrEqual(5)
      expect(began.at(-1)! - began[0]!).toBeGreaterThan(1900)
    })

    it('lets others run past a class that is paused', async () => {
      await send(site.djet, free, { who: 'first', ms: 1 }).then(({ id }) => waitFor(site.djet, id))
      await pauseClass(site.djet, free.name)
      const paused = await send(site.djet, free, { who: 'paused', ms: 1 })
      await waitFor(site.djet, (await send(site.djet, echo, {})).id)
      await sleep(300)
      expect((await taskView(site.djet, paused.id))!.status).toBe('waiting')
      await resumeClass(site.djet, free.name)
      expect((await waitFor(site.djet, paused.id)).status).toBe('finished')
      await expect(pauseClass(site.djet, 'no.such')).rejects.toMatchObject({ status: 404 })
    })

    it('runs a task after those it waits for', async () => {
      const first = await sendMany(site.djet, free, [
        { who: 'x', ms: 150 },
        { who: 'y', ms: 250 },
      ])
      const then = await send(site.djet, free, { who: 'z', ms: 1 }, { after: first })
      const last = await send(site.djet, free, { who: 'last', ms: 1 }, { after: [then.id, first[0]!.id] })
      expect(await all([last])).toEqual(['finished'])
      expect((await runs()).map((run) => run.who).slice(-2)).toEqual(['z', 'last'])
      const [x, y, z] = await runs()
      expect(Math.max(x!.ended.getTime(), y!.ended.getTime())).toBeLessThanOrEqual(z!.began.getTime())
      const late = await send(site.djet, free, { who: 'late', ms: 1 }, { after: [last] })
      expect(await all([late])).toEqual(['finished'])
      await expect(send(site.djet, free, { who: 'n' }, { after: [1e9] })).rejects.toMatchObject({
        status: 404,
      })
    })

    it('runs a task after a batch', async () => {
      const batch = await sendBatch(site.djet, {
        title: 'B',
        job: free,
        params: [{ who: 'b' }, { who: 'c' }],
      })
      const then = await send(site.djet, free, { who: 'then', ms: 1 }, { after: [batch] })
      expect(await all([then])).toEqual(['finished'])
      expect((await runs()).at(-1)!.who).toBe('then')
    })

    it('does as it is told when one that is waited for fails', async () => {
      const bad = await send(site.djet, refused, {})
      const [fails] = await sendMany(site.djet, free, [{ who: 'fails' }], { after: [bad] })
      const follows = await send(site.djet, free, { who: 'follows' }, { after: [fails!] })
      const runs = await send(site.djet, free, { who: 'runs', ms: 1 }, { after: [bad], ifFailed: 'run' })
      const waits = await send(site.djet, free, { who: 'waits', ms: 1 }, { after: [bad], ifFailed: 'wait' })
      expect(await all([bad, fails!, follows, runs])).toEqual(['failed', 'failed', 'failed', 'finished'])
      expect((await taskView(site.djet, fails!.id))!.attempts).toMatchObject([
        { error: `task ${bad.id}, which it waited for, failed` },
      ])
      expect((await taskView(site.djet, waits.id))!.status).toBe('waiting')
      expect(await dependenciesOf(site.djet, waits.id)).toMatchObject({
        after: [{ id: bad.id, ifFailed: 'wait' }],
      })
      const afterwards = await send(site.djet, free, { who: 'afterwards' }, { after: [bad] })
      expect(await all([afterwards])).toEqual(['failed'])
      await cancelTask(site.djet, waits.id)
      await retryTask(site.djet, bad.id)
      expect(await all([bad])).toEqual(['failed'])
    })
  })

  describe('unique tasks', () => {
    const count = async (): Promise<number> => {
      const [row] = await site.djet.query<{ n: number }>(
        `select count(*) as n from jobmachine.task join jobmachine.class c using (class_id) where c.name = 'trial.once'`,
      )
      return row!.n
    }

    it('are sent once while the first one waits, however many send at once', async () => {
      const sent = await Promise.all(Array.from({ length: 12 }, () => send(site.djet, once, { who: 'same' })))
      expect(new Set(sent.map((task) => task.id)).size).toBe(1)
      expect(sent.filter((task) => task.existing).length).toBe(11)
      expect(await count()).toBe(1)
      const other = await sendMany(site.djet, once, [{ who: 'same' }, { who: 'other' }, { who: 'other' }])
      expect(other.map((task) => task.existing)).toEqual([true, undefined, true])
      expect((await send(site.djet, once, { who: 'same' }, { unique: false })).existing).toBeUndefined()
    })

    it('may take the place of the first one, or set its time', async () => {
      const key = { key: 'k', during: 'waiting' } as const
      const first = await send(site.djet, once, { who: 'one' }, { unique: key, runAfter: '1h' })
      const unique = { ...key, otherwise: 'reschedule' } as const
      await send(site.djet, once, { who: 'two' }, { unique, runAfter: '2h' })
      let view = (await taskView(site.djet, first.id))!
      expect(view.parameters).toEqual({ who: 'one' })
      expect(new Date(view.runAfter).getTime() - Date.now()).toBeGreaterThan(5_400_000)
      const replaced = await send(
        site.djet,
        once,
        { who: 'three' },
        { unique: { ...key, otherwise: 'replace' } },
      )
      view = (await taskView(site.djet, first.id))!
      expect(replaced).toMatchObject({ id: first.id, existing: true })
      expect(view.parameters).toEqual({ who: 'three' })
      expect(new Date(view.runAfter).getTime()).toBeLessThanOrEqual(Date.now() + 1000)
    })

    it('may be sent again when the first one runs, or is over, or its time has passed', async () => {
      const stop = await site.work()
      await waitFor(site.djet, (await send(site.djet, echo, {}, { priority: 99 })).id)
      await site.djet.query('truncate trial_run')
      const waiting = { unique: { key: 'w', during: 'waiting' } } as const
      const unfinished = { unique: { key: 'u', during: 'unfinished' } } as const
      const period = { unique: { key: 'p', during: '2s' } } as const
      const slow = { who: 'slow', ms: 800 }
      const [a, b, c] = [
        await send(site.djet, once, slow, waiting),
        await send(site.djet, once, slow, unfinished),
        await send(site.djet, once, { who: 'q', ms: 1 }, period),
      ]
      while ((await runs()).length < 3) await sleep(20)
      expect((await send(site.djet, once, slow, waiting)).id).not.toBe(a.id)
      expect((await send(site.djet, once, slow, unfinished)).id).toBe(b.id)
      expect((await send(site.djet, once, slow, period)).id).toBe(c.id)
      await all([a, b])
      expect((await send(site.djet, once, slow, unfinished)).id).not.toBe(b.id)
      await sleep(1500)
      expect((await send(site.djet, once, slow, period)).id).not.toBe(c.id)
      await stop()
    })

    it('say what is wrong with a policy', async () => {
      // @ts-expect-error no such word
      const wrong = send(site.djet, once, { who: 'a' }, { unique: { during: 'waiting', otherwise: 'drop' } })
      await expect(wrong).rejects.toMatchObject({ code: 'JOB_INVALID' })
    })
  })
})
