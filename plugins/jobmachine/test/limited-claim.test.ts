import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Chance } from '../../../test/chaos/random.ts'
import { classIds } from '../queue/classes.ts'
import { finish } from '../queue/end.ts'
import { claimLimited } from '../queue/limited.ts'
import type { Runner } from '../queue/runner.ts'
import { createJobsSite, type JobsSite } from './jobs-site.ts'

describe('a claim within limits', () => {
  let site: JobsSite
  let db: Runner
  let classId: number
  beforeAll(async () => {
    site = await createJobsSite()
    db = site.app.database
    classId = (await classIds(db, ['limited'])).get('limited')!
  })
  afterAll(() => site.close())
  beforeEach(async () => {
    await db.query('delete from jobmachine.task')
    await db.query('truncate jobmachine.ready, jobmachine.held')
  })

  /** Puts tasks with these keys up, each in a parcel of its own. */
  const put = (keys: readonly (string | null)[], priorities: readonly number[] = []) =>
    db.query<{ id: number }>(
      `insert into jobmachine.task (class_id, limit_key, priority, run_after)
       select $1, key, coalesce(priority, 0), now() - (100000 - n) * interval '1 second'
       from unnest($2::text[], $3::int[]) with ordinality as t (key, priority, n) order by n
       returning task_id as id`,
      [classId, keys, priorities],
    )

  it.each([1, 2, 3, 4])('takes the first whose key has room (seed %i)', async (seed) => {
    const chance = new Chance(seed)
    const random = (below: number) => chance.between(0, below - 1)
    // Few keys that nearly all tasks share, so that most parcels are passed over.
    const names = Array.from({ length: 4 + random(5) }, (_, n) => `k${n}`)
    const keys = Array.from({ length: 300 }, () => (random(8) === 0 ? null : names[random(names.length)]!))
    const priorities = keys.map(() => random(3))
    const ids = (await put(keys, priorities)).map(({ id }) => id)
    let waiting = ids
      .map((id, n) => ({ id, key: keys[n]!, priority: priorities[n]! }))
      .sort((a, b) => a.priority - b.priority || a.id - b.id)
    const perKey = 1 + random(2)
    const held: { id: number; key: string | null; heldId: number }[] = []
    for (let round = 0; waiting.length > 0; round++) {
      const wanted = 1 + random(6)
      const expected: number[] = []
      const running = (key: string) => held.filter((task) => task.key === key).length
      const taken = new Map<string, number>()
      for (const { id, key } of waiting) {
        if (expected.length === wanted) break
        if (key !== null) {
          const now = running(key) + (taken.get(key) ?? 0)
          if (now >= perKey) continue
          taken.set(key, (taken.get(key) ?? 0) + 1)
        }
        expected.push(id)
      }
      const got = await claimLimited(db, classId, { perKey: { concurrency: perKey } }, wanted, 7)
      expect(got.tasks.map(({ id }) => id).sort((a, b) => a - b)).toEqual(expected.sort((a, b) => a - b))
      for (const { id, heldId } of got.tasks) {
        held.push({ id, key: waiting.find((task) => task.id === id)!.key, heldId })
      }
      waiting = waiting.filter(({ id }) => !expected.includes(id))
      // Some of them end.
      const over = held.filter(() => random(3) > 0)
      for (const task of over) held.splice(held.indexOf(task), 1)
      await finish(
        db,
        7,
        over.map(({ id }) => ({
          id,
          turn: 0,
          attempt: 1,
          ran: 1,
          retention: 60_000,
          announce: false,
          result: null,
        })),
        over.map(({ heldId }) => heldId),
      )
      expect(round).toBeLessThan(1000)
    }
    expect(await db.query('select from jobmachine.ready')).toEqual([])
  })

  it('locks few of those it passes over', async () => {
    await put([...Array(3000).fill('busy'), 'other'])
    const limits = { perKey: { concurrency: 1 } }
    const locked = await site.app.database.transaction(async (tx) => {
      const first = await claimLimited(tx, classId, limits, 5, 7)
      expect(first.tasks).toHaveLength(2)
      const [free] = await db.query<{ n: number }>(
        `select count(*)::int as n from (select from jobmachine.ready where limit_key = 'busy' for update skip locked) as r`,
      )
      return 2999 - free!.n
    })
    expect(locked).toBeLessThan(200)
  })

  it('throws away what is over, however much, in bounded pieces', async () => {
    await put(Array(2500).fill('a'))
    await db.query('update jobmachine.task set status = 900')
    const [last] = await db.query<{ id: number }>(
      `insert into jobmachine.task (class_id, limit_key) values ($1, 'b') returning task_id as id`,
      [classId],
    )
    const claim = () => claimLimited(db, classId, { concurrency: 2 }, 5, 7)
    for (let n = 0; n < 2; n++) {
      const got = await claim()
      expect([got.tasks, got.wait]).toEqual([[], 3])
    }
    expect((await claim()).tasks.map(({ id }) => id)).toEqual([last!.id])
    expect(await db.query('select from jobmachine.ready')).toEqual([])
  })
})
