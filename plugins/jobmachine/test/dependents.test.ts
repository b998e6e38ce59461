import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { noop, send, sendMany } from '../index.ts'
import type { Runner } from '../queue/runner.ts'
import { settle } from '../queue/settle.ts'
import { createJobsSite, type JobsSite } from './jobs-site.ts'

describe('more tasks that wait for one than one statement lets go', () => {
  let site: JobsSite
  let db: Runner
  beforeAll(async () => {
    site = await createJobsSite()
    db = site.app.database
  })
  afterAll(() => site.close())

  /** How many of these wait for others still, wait to run, and have failed; and how many parcels they are in. */
  const states = async (ids: readonly number[]) =>
    (
      await db.query(
        `select count(*) filter (where status = 0 and blocked > 0)::int as blocked,
           count(*) filter (where status = 0 and blocked = 0)::int as waiting,
           count(*) filter (where status = 900)::int as failed,
           (select count(*)::int from jobmachine.ready r where r.tasks && $1::bigint[]) as parcels
         from jobmachine.task where task_id = any ($1)`,
        [ids],
      )
    )[0]
  const all = (tasks: readonly { id: number }[]): number[] => tasks.map(({ id }) => id)

  it('run when it has finished, each once', async () => {
    const [one, other] = await sendMany(site.djet, noop, [{}, {}])
    const of = (after: readonly { id: number }[], count: number) =>
      sendMany(site.djet, noop, Array(count).fill({}), { after: all(after) })
    const many = all(await of([one!], 5001))
    const both = all(await of([one!, other!], 10))
    await db.query('update jobmachine.task set status = 200 where task_id = $1', [one!.id])
    expect(await settle(db, { parents: [], needed: [one!.id] }, 60_000)).toEqual([])
    expect(await states(many)).toEqual({ blocked: 0, waiting: 5001, failed: 0, parcels: 5001 })
    expect(await states(both)).toEqual({ blocked: 10, waiting: 0, failed: 0, parcels: 0 })
    await settle(db, { parents: [], needed: [one!.id] }, 60_000)
    expect(await states(both)).toEqual({ blocked: 10, waiting: 0, failed: 0, parcels: 0 })
  })

  it('fail when it has failed, and those that wait for them in turn', async () => {
    const one = await send(site.djet, noop, {})
    const put = async (id: number, count: number, ifFailed?: 'run' | 'wait') =>
      all(
        await sendMany(site.djet, noop, Array(count).fill({}), {
          after: [id],
          ...(ifFailed ? { ifFailed } : {}),
        }),
      )
    const many = await put(one.id, 5001)
    const behind = await put(many[0]!, 3)
    const last = await put(behind[2]!, 2)
    const run = await put(one.id, 5, 'run')
    const wait = await put(one.id, 5, 'wait')
    await db.query('update jobmachine.task set status = 900 where task_id = $1', [one.id])
    const lost = await settle(db, { parents: [], needed: [one.id] }, 60_000)
    expect(all(lost).sort((a, b) => a - b)).toEqual([...many, ...behind, ...last])
    expect(await states([...many, ...behind, ...last])).toMatchObject({ failed: 5006, parcels: 0 })
    expect(await states(run)).toEqual({ blocked: 0, waiting: 5, failed: 0, parcels: 5 })
    expect(await states(wait)).toEqual({ blocked: 5, waiting: 0, failed: 0, parcels: 0 })
    expect(await db.query('select error from jobmachine.attempt where task_id = any ($1)', [last])).toEqual(
      Array(2).fill({ error: `task ${behind[2]}, which it waited for, failed` }),
    )
  })
})
