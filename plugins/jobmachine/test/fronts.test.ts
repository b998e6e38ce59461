import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { echo, noop, send, sendMany } from '../index.ts'
import { type Claim, claim, nextDue } from '../queue/claim.ts'
import { classIds } from '../queue/classes.ts'
import { endAndClaim } from '../queue/end.ts'
import { FROM_START, Fronts } from '../queue/fronts.ts'
import type { Runner } from '../queue/runner.ts'
import { createJobsSite, type JobsSite } from './jobs-site.ts'

describe('how far back to look', () => {
  it('looks from the beginning as long as that is quick, and for a fiftieth of the time when it is not', () => {
    const fronts = new Fronts()
    expect(fronts.reach(1000)).toBe('whole')
    fronts.looked('whole', 1000, 2)
    expect(fronts.reach(1000)).toBe('whole')
    fronts.looked('whole', 1000, 6)
    expect(fronts.reach(1199)).toBe('front')
    expect(fronts.untilBack(1150)).toBe(50)
    expect(fronts.reach(1200)).toBe('whole')
  })

  it('looks a little back every second and a half, where the beginning is far', () => {
    const fronts = new Fronts()
    fronts.looked('whole', 0, 802)
    expect(fronts.untilBack(0)).toBe(1500)
    expect(fronts.reach(1499)).toBe('front')
    expect(fronts.reach(1500)).toBe('near')
    fronts.looked('near', 1500, 4)
    expect(fronts.reach(1599)).toBe('front')
    expect(fronts.reach(1600)).toBe('near')
    expect(fronts.reach(40_000)).toBe('whole')
    fronts.looked('whole', 40_000, 60_000)
    expect(fronts.reach(99_999)).toBe('near')
    expect(fronts.reach(100_000)).toBe('whole')
  })

  it('looks from the beginning when something was put up again', () => {
    const fronts = new Fronts()
    fronts.looked('whole', 0, 10_000)
    fronts.reset()
    expect(fronts.reach(0)).toBe('whole')
  })

  it('goes ten seconds back, to the beginning from times it cannot tell', () => {
    const fronts = new Fronts()
    fronts.found([
      [1, 0, '2026-05-31T14:30:00.123456+00:00', 77],
      [1, 5, '-infinity', 78],
      [2, 0, '0044-03-15T12:00:00+00:00 BC', 79],
      [2, 1, '294276-12-31T23:59:59+00:00', 80],
    ])
    expect(fronts.since('near')[2].slice(1)).toEqual([
      '2026-05-31T14:29:50.123Z',
      '-infinity',
      '-infinity',
      '-infinity',
    ])
    expect(fronts.since('near')[3]).toEqual([0, 0, 0, 0, 0])
    expect(fronts.since('front')[3]).toEqual([0, 77, 78, 79, 80])
  })
})

describe('a claim that begins where the last one did', () => {
  let site: JobsSite
  let db: Runner
  let classes: number[]
  let fronts: Fronts
  beforeAll(async () => {
    site = await createJobsSite()
    db = site.app.database
    classes = [...(await classIds(db, ['jobmachine.echo', 'jobmachine.noop'])).values()]
  })
  beforeEach(async () => {
    await db.query('delete from jobmachine.task')
    fronts = new Fronts()
  })
  afterAll(() => site.close())

  async function take(limit: number, since = fronts.since('front')): Promise<string[]> {
    const got: Claim = await claim(db, classes, limit, 1, limit, [], since)
    fronts.found(got.fronts)
    return got.tasks.map((task) => task.parameters ?? '')
  }

  it('finds what came after, other classes and better priorities', async () => {
    await sendMany(site.djet, echo, [1, 2, 3])
    expect(await take(1)).toEqual(['1'])
    expect(await take(1)).toEqual(['2'])
    await send(site.djet, noop, 4, { priority: -5 })
    await send(site.djet, echo, 5, { priority: -7 })
    await send(site.djet, echo, 6)
    expect(await take(10)).toEqual(['5', '4', '3', '6'])
    expect(await take(10)).toEqual([])
    await send(site.djet, echo, 7)
    await send(site.djet, noop, 8, { priority: 9 })
    expect(await take(10)).toEqual(['7', '8'])
  })

  it('finds what is between, before and after classes that this worker does not run', async () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f'].map((letter) => `fronts.${letter}`)
    const ids = [...(await classIds(db, names)).values()]
    const put = (priority: number, which: readonly number[] = ids): Promise<unknown> =>
      db.query(
        `insert into jobmachine.task (class_id, parameters, priority)
         select id, id || '/' || $2::int, $2::int from unnest($1::int[]) as c (id)`,
        [which, priority],
      )
    for (const priority of [0, -3, 5]) await put(priority)
    const mine = [ids[1]!, ids[2]!, ids[4]!]
    const took = async (limit: number): Promise<string[]> => {
      const got = await claim(db, mine, limit, 1, limit, [], fronts.since('front'))
      fronts.found(got.fronts)
      expect(got.fronts.every(([id]) => mine.includes(id))).toBe(true)
      return got.tasks.map((task) => task.parameters ?? '').sort()
    }
    const of = (priority: number): string[] => mine.map((id) => `${id}/${priority}`).sort()
    expect(await took(3)).toEqual(of(-3))
    expect(await took(3)).toEqual(of(0))
    await put(-9, ids.slice(4))
    expect(await took(1)).toEqual([`${ids[4]}/-9`])
    expect(await took(9)).toEqual(of(5))
    expect(await took(9)).toEqual([])
    expect(await nextDue(db, mine)).toBeNull()
    // The same of the function that takes tasks one by one.
    await put(1)
    await put(2, [ids[0]!, ids[4]!])
    const one = { id: 0, turn: 0, attempt: 1, ran: 0, retention: 0, announce: false, result: null }
    const singly: string[] = []
    for (let n = 0; n < 5; n++) {
      const wanted = { classes: mine, limited: [], alone: n % 2 === 0 }
      const { tasks } = (await endAndClaim(db, 1, one, [], wanted)).claim
      singly.push(...tasks.map((task) => task.parameters ?? ''))
    }
    expect(singly.sort()).toEqual([...of(1), `${ids[4]}/2`].sort())
  })

  it('leaves to a look from the beginning what was put before it', async () => {
    await send(site.djet, echo, 1)
    expect(await take(1)).toEqual(['1'])
    await send(site.djet, echo, 2, { runAfter: new Date(Date.now() - 60_000) })
    expect(await take(1)).toEqual([])
    expect(await nextDue(db, classes, [], fronts.since('front'))).toBeNull()
    expect(await nextDue(db, classes)).toBeLessThan(0)
    expect(await take(1, FROM_START)).toEqual(['2'])
  })

  it('leaves to a look from a little before it what came late', async () => {
    const at = Date.now() - 60_000
    await send(site.djet, echo, 1, { runAfter: new Date(at) })
    expect(await take(1)).toEqual(['1'])
    await send(site.djet, echo, 2, { runAfter: new Date(at - 8000) })
    await send(site.djet, echo, 3, { runAfter: new Date(at - 20_000) })
    expect(await take(2)).toEqual([])
    expect(await take(2, fronts.since('near'))).toEqual(['2'])
    expect(await take(2, FROM_START)).toEqual(['3'])
  })

  it('keeps a place that is exact to the microsecond', async () => {
    await db.query(
      "insert into jobmachine.task (class_id, parameters, run_after) select $1, n::text, '2020-01-01 00:00:00.123456'::timestamptz + n * interval '1 microsecond' from generate_series(1, 3) as n",
      [classes[0]],
    )
    expect(await take(1)).toEqual(['1'])
    expect(await take(2)).toEqual(['2', '3'])
  })
})

describe('a worker', () => {
  let site: JobsSite
  beforeAll(async () => {
    site = await createJobsSite()
  })
  afterAll(() => site.close())

  it('finds within five seconds what was committed late, before what it has taken since', async () => {
    await site.work()
    const early = new Date(Date.now() - 5000)
    for (let n = 0; n < 5; n++) {
      await sendMany(site.djet, noop, Array(200).fill({}))
      const { id } = await send(site.djet, noop, {}, { runAfter: early })
      await expect
        .poll(
          () =>
            site.app.database.query<{ status: number }>(
              'select status from jobmachine.task where task_id = $1',
              [id],
            ),
          { timeout: n === 0 ? 20_000 : 5000 },
        )
        .toEqual([{ status: 200 }])
    }
  })
})
