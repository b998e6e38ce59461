import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Chance } from '../../../test/chaos/random.ts'
import { classIds } from '../queue/classes.ts'
import { type Done, endAndClaim } from '../queue/end.ts'
import type { Runner } from '../queue/runner.ts'
import { createJobsSite, type JobsSite } from './jobs-site.ts'

/** A task as it waits. */
interface Put {
  readonly id: number
  readonly classId: number
  readonly priority: number
  readonly runAfter: Date
}

describe('the end of one task with the claim of the next', () => {
  let site: JobsSite
  let db: Runner
  let classes: number[]
  beforeAll(async () => {
    site = await createJobsSite()
    db = site.app.database
    classes = [...(await classIds(db, ['a', 'b', 'c', 'd', 'e'])).values()]
  })
  afterAll(() => site.close())
  beforeEach(async () => {
    await db.query('delete from jobmachine.task')
    await db.query('truncate jobmachine.ready, jobmachine.held, jobmachine.tally_delta')
    await db.query('update jobmachine.class set paused = false')
  })

  const done = (id: number, turn = 0): Done => ({
    id,
    turn,
    attempt: 1,
    ran: 3,
    retention: 60_000,
    announce: false,
    result: null,
  })
  const put = (count: number, random: (n: number) => number): Promise<Put[]> =>
    db.query<Put>(
      `insert into jobmachine.task (class_id, priority, run_after)
       select c, p, date_trunc('minute', now()) + m * interval '1 minute'
       from unnest($1::int[], $2::int[], $3::int[]) with ordinality as t (c, p, m, n) order by n
       returning task_id as id, class_id as "classId", priority, run_after as "runAfter"`,
      [
        Array.from({ length: count }, () => classes[random(classes.length)]),
        Array.from({ length: count }, () => random(3) - 1),
        // A fourth of them in the future.
        Array.from({ length: count }, () => random(8) - 6),
      ],
    )

  it.each([1, 2, 3, 4, 5, 6])(
    'takes the first that may run, whatever the last claim saw (seed %i)',
    async (seed) => {
      const chance = new Chance(seed)
      const random = (below: number) => chance.between(0, below - 1)
      const waiting = await put(60 + random(60), random)
      const wanted = classes.filter(() => random(4) > 0)
      const limited = wanted.filter(() => random(5) === 0)
      const paused = classes.filter(() => random(5) === 0)
      await db.query('update jobmachine.class set paused = true where class_id = any ($1)', [paused])
      const over = waiting.filter(() => seed % 2 === 0 && random(6) === 0).map(({ id }) => id)
      await db.query('update jobmachine.task set status = 200 where task_id = any ($1)', [over])
      const now = Date.now()
      const may = waiting.filter(
        ({ id, classId, runAfter }) =>
          runAfter.getTime() <= now &&
          !over.includes(id) &&
          wanted.includes(classId) &&
          !limited.includes(classId) &&
          !paused.includes(classId),
      )

      const took: Put[] = []
      let last = 0
      let drained: number[] = []
      for (;;) {
        const alone = random(2) === 0
        const { ended, claim } = await endAndClaim(db, 7, done(last), drained, {
          classes: wanted,
          limited,
          alone,
        })
        expect(ended.n).toBe(last === 0 ? 0 : 1)
        const [task] = claim.tasks
        if (!task) {
          const full = waiting.filter((one) => limited.includes(one.classId) && one.runAfter.getTime() <= now)
          expect([...claim.limited].sort()).toEqual([...new Set(full.map((one) => one.classId))].sort())
          break
        }
        took.push(waiting.find(({ id }) => id === task.id)!)
        last = task.id
        drained = [task.heldId]
      }
      expect(took.map(({ id }) => id).sort()).toEqual(may.map(({ id }) => id).sort())
      // Where parcels of one class name tasks that are over, another class may get its turn a little late.
      const place = ({ priority, runAfter }: Put): number =>
        priority * 1e9 + (over.length > 0 ? 0 : runAfter.getTime() / 60_000)
      expect(took.map(place)).toEqual(may.map(place).sort((a, b) => a - b))
      expect(await db.query('select from jobmachine.held')).toEqual([])
    },
  )

  it('says whether there is one class and priority', async () => {
    const wanted = { classes, limited: [], alone: true }
    const first = classes[0]!
    const insert = (classId: number, priority: number) =>
      db.query('insert into jobmachine.task (class_id, priority) select $1, $2 from generate_series(1, 2)', [
        classId,
        priority,
      ])
    const next = async () => {
      const { claim } = await endAndClaim(db, 7, done(0), [], wanted)
      return [claim.tasks[0]?.priority, claim.alone]
    }
    expect(await next()).toEqual([undefined, true])
    await insert(first, 0)
    expect(await next()).toEqual([0, true])
    // A better one is taken at once.
    await insert(first, -1)
    expect(await next()).toEqual([-1, false])
    expect(await next()).toEqual([-1, false])
    expect(await next()).toEqual([0, true])
  })

  it('passes over parcels that another transaction has locked', async () => {
    const chance = new Chance(9)
    const random = (below: number) => chance.between(0, below - 1)
    await put(40, random)
    const wanted = { classes, limited: [], alone: true }
    const ready = await db.query<{ n: number }>(
      'select count(*)::int as n from jobmachine.ready where run_after <= now()',
    )
    const got = await site.app.database.transaction(async (tx) => {
      await tx.query(
        'select from jobmachine.ready where run_after <= now() order by ready_id limit 3 for update',
      )
      const ids: number[] = []
      for (;;) {
        const { claim } = await endAndClaim(db, 7, done(0), [], wanted)
        if (!claim.tasks[0]) return ids
        ids.push(claim.tasks[0].id)
      }
    })
    expect(new Set(got).size).toBe(got.length)
    expect(
      await db.query<{ n: number }>(
        'select count(*)::int as n from jobmachine.ready where run_after <= now()',
      ),
    ).toEqual([{ n: 3 }])
    expect(ready[0]!.n).toBeGreaterThan(3)
  })

  it('holds the next task in the row of the last one, and drops what else is drained', async () => {
    await db.query('insert into jobmachine.task (class_id) select $1 from generate_series(1, 3)', [
      classes[0],
    ])
    const wanted = { classes, limited: [], alone: true }
    const held = async () =>
      (await db.query<{ held_id: number }>('select held_id from jobmachine.held order by 1')).map(
        (row) => row.held_id,
      )
    const take = async (last: number, drained: number[]) =>
      (await endAndClaim(db, 7, done(last), drained, wanted)).claim.tasks[0]!
    const one = await take(0, [])
    const two = await take(0, [])
    expect(await held()).toEqual([one.heldId, two.heldId])
    const three = await take(one.id, [two.heldId, one.heldId])
    expect([three.heldId, await held()]).toEqual([two.heldId, [two.heldId]])
    // Gone already, as after a worker that was given up: a row of its own again.
    await db.query('insert into jobmachine.task (class_id) values ($1)', [classes[0]])
    await db.query('truncate jobmachine.held')
    const four = await take(three.id, [three.heldId])
    expect(await held()).toEqual([four.heldId])
    // What another worker holds is not touched.
    const { claim } = await endAndClaim(db, 8, done(0), [four.heldId], wanted)
    expect([claim.tasks, await held()]).toEqual([[], [four.heldId]])
  })

  it('throws away what is over, however much, in bounded pieces', async () => {
    const [first = 0, second = 0] = classes
    await db.query('insert into jobmachine.task (class_id) select $1 from generate_series(1, 20000)', [first])
    await db.query('update jobmachine.task set status = 900')
    await db.query('insert into jobmachine.task (class_id) values ($1)', [first])
    await db.query('insert into jobmachine.task (class_id, priority) values ($1, 1)', [second])
    const wanted = { classes, limited: [], alone: true }
    const next = async () => (await endAndClaim(db, 7, done(0), [], wanted)).claim.tasks[0]?.classId
    const parcels = async () =>
      (await db.query<{ n: number }>('select count(*)::int as n from jobmachine.ready'))[0]!.n
    expect(await parcels()).toBeGreaterThan(300)
    const none = (await endAndClaim(db, 7, done(0), [], wanted)).claim
    expect([none.tasks, none.more]).toEqual([[], true])
    const left = await parcels()
    expect(left).toBeGreaterThan(50)
    expect(left).toBeLessThan(200)
    expect([await next(), await next(), await parcels()]).toEqual([first, second, 0])
  })

  it('ends what it holds only', async () => {
    await db.query(
      `insert into jobmachine.task (class_id, parent_id, dependents) select $1, 5, true from generate_series(1, 2)`,
      [classes[0]],
    )
    const wanted = { classes, limited: [], alone: false }
    const [task] = (await endAndClaim(db, 7, done(0), [], wanted)).claim.tasks
    const late = await endAndClaim(db, 7, done(task!.id, 3), [], { ...wanted, classes: [] })
    expect(late.ended).toEqual({ n: 0, parents: [], needed: [] })
    const { ended } = await endAndClaim(db, 7, { ...done(task!.id), result: '{"data":1}' }, [task!.heldId], {
      ...wanted,
      classes: [],
    })
    expect(ended).toEqual({ n: 1, parents: [5], needed: [task!.id] })
    expect(await db.query('select result from jobmachine.result')).toEqual([{ result: '{"data":1}' }])
    expect(await db.query('select kept, ended from jobmachine.tally_delta where status = 200')).toEqual([
      { kept: 1, ended: 1 },
    ])
  })
})
