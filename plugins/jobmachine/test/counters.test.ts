import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { classCounts } from '../counts.ts'
import { echo, listTasks, pauseClass, resumeClass, send, sendMany, waitFor } from '../index.ts'
import { countWaiting } from '../queue/gauge.ts'
import { foldTally, recount, rollUp } from '../queue/tally.ts'
import { createJobsSite, type JobsSite } from './jobs-site.ts'
import { hopeless, slow } from './trial.ts'

let site: JobsSite
beforeAll(async () => {
  site = await createJobsSite()
})
afterAll(() => site?.close())

/** What is counted of a class, without its name. */
async function counted(name: string) {
  const {
    class: _,
    paused: __,
    about: ___,
    ...counts
  } = (await classCounts(site.djet)).find((each) => each.class === name)!
  return counts
}

const sql = (text: string) => site.djet.query<Record<string, number>>(text)

describe('counters', () => {
  it('say what waits, runs, has finished and failed, before and after they are folded', async () => {
    const stop = await site.work()
    const good = await sendMany(site.djet, echo, Array(7).fill({}))
    const bad = await sendMany(site.djet, hopeless, Array(3).fill({ how: 'failed' }))
    for (const { id } of [...good, ...bad]) await waitFor(site.djet, id)
    await send(site.djet, echo, {}, { runAfter: '1h' })
    const running = await send(site.djet, slow, { ms: 60_000 })
    await expect.poll(() => counted(slow.name)).toMatchObject({ running: 1 })
    const finished = { waiting: 1, running: 0, finished: 7, failed: 0 }
    expect(await counted(echo.name)).toEqual(finished)
    expect(await counted(hopeless.name)).toEqual({ waiting: 0, running: 0, finished: 0, failed: 3 })
    await stop()

    while (await foldTally(site.djet, true));
    expect(await sql('select from jobmachine.tally_delta')).toEqual([])
    expect(await counted(echo.name)).toEqual(finished)
    expect(await sql('select sum(ended)::int as n from jobmachine.pace')).toEqual([{ n: 10 }])
    expect(await sql('select sum(ended)::int as n from jobmachine.tally')).toEqual([{ n: 10 }])
    expect(await sql('select sum(ended)::int as n from jobmachine.ended where status = 200')).toEqual([
      { n: 7 },
    ])

    await sql(`delete from jobmachine.task where task_id = any (array[${good[0]!.id}, ${running.id}])`)
    expect(await counted(echo.name)).toMatchObject({ finished: 6 })
  })

  it('that have drifted are put right while deltas wait to be folded', async () => {
    await sql('update jobmachine.kept set n = n + 100')
    await sql(
      `delete from jobmachine.task where status = 200 and task_id = (select min(task_id) from jobmachine.task where status = 200)`,
    )
    const drifts = await recount(site.djet)
    expect(drifts.length).toBeGreaterThan(1)
    expect(await counted(echo.name)).toMatchObject({ finished: 5, failed: 0 })
    while (await foldTally(site.djet, true));
    expect(await counted(echo.name)).toMatchObject({ finished: 5, failed: 0 })
    expect(await recount(site.djet)).toEqual([])
  })

  it('become hours after a day and go after 90', async () => {
    await sql(`insert into jobmachine.tally
      select 1, date_trunc('hour', now() - interval '30 hours') + n * interval '1 minute', 200, 3, 2, 4, 6
      from generate_series(0, 59) n union all
      select 1, date_trunc('hour', now() - interval '91 days'), 200, 3, 2, 4, 6`)
    await rollUp(site.djet, true)
    const old = await sql(
      `select ended, wait_ms, run_ms from jobmachine.tally where minute < now() - interval '25 hours'`,
    )
    expect(old).toEqual([{ ended: 120, wait_ms: 240, run_ms: 360 }])
  })

  it('of many parcels are those that were counted last', async () => {
    await pauseClass(site.djet, slow.name)
    const { n } = (
      await sql(`with sent as (
      insert into jobmachine.task (class_id, parameters, priority, run_after)
      select jobmachine.class_id('trial.slow'), '{"ms":1}', n % 100, now() + n * interval '1 second'
      from generate_series(1, 21000) n returning 1) select count(*)::int as n from sent`)
    )[0]!
    await countWaiting(site.djet)
    const row = (await classCounts(site.djet)).find((each) => each.class === slow.name)
    expect(row).toMatchObject({ waiting: n, about: true, paused: true })
    await sql(`delete from jobmachine.task where class_id = jobmachine.class_id('trial.slow')`)
    await sql(`delete from jobmachine.ready where class_id = jobmachine.class_id('trial.slow')`)
    await resumeClass(site.djet, slow.name)
    expect(await counted(slow.name)).toMatchObject({ waiting: 0 })
  })
})

describe('the filter', () => {
  it('knows status, class, time, words and who asked, and combines them', async () => {
    await sql('delete from jobmachine.task')
    await sql(`insert into jobmachine.task (class_id, title, parameters, status, created, requested_by)
      select jobmachine.class_id(case when n % 2 = 0 then 'jobmachine.echo' else 'trial.slow' end), 'Nr ' || n,
        json_build_object('order', n, 'note', 'Für Émile')::text, case when n % 3 = 0 then 900 else 200 end,
        now() - (1000 - n) * interval '1 minute', case when n % 10 = 0 then 'anna' end
      from generate_series(1, 1000) n order by n`)
    const numbers = async (filter: Parameters<typeof listTasks>[1]) =>
      (await listTasks(site.djet, { limit: 2000, ...filter })).tasks.map(({ title }) =>
        Number(title!.slice(3)),
      )
    const every = (holds: (n: number) => boolean) =>
      Array.from({ length: 1000 }, (_, n) => 1000 - n).filter(holds)
    const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000)
    expect(await numbers({})).toEqual(every(() => true))
    expect(await numbers({ status: ['failed', 'waiting'] })).toEqual(every((n) => n % 3 === 0))
    expect(await numbers({ class: echo.name, status: 'failed' })).toEqual(every((n) => n % 6 === 0))
    expect(await numbers({ requestedBy: 'anna' })).toEqual(every((n) => n % 10 === 0))
    expect(await numbers({ requestedBy: 'anna', status: 'failed' })).toEqual(every((n) => n % 30 === 0))
    expect(await numbers({ text: '"ORDER" : 77' })).toEqual(every((n) => String(n).startsWith('77')))
    expect(await numbers({ text: 'für émile', class: echo.name })).toEqual(every((n) => n % 2 === 0))
    expect(await numbers({ text: '%' })).toEqual([])
    expect(await numbers({ from: ago(600.5), to: ago(499.5) })).toEqual(every((n) => n >= 400 && n <= 500))
    expect(await numbers({ from: ago(600.5), to: ago(499.5), status: 'failed', text: 'nr 4' })).toEqual(
      every((n) => n >= 400 && n < 500 && n % 3 === 0),
    )
    expect(await numbers({ from: new Date(Date.now() + 1e6) })).toEqual([])
    expect(await numbers({ to: new Date(0) })).toEqual([])
    await expect(numbers({ status: ['failed', 'fail'] })).rejects.toMatchObject({
      code: 'JOBS_FILTER',
      status: 400,
    })
  })

  it('is paged both ways without losing or repeating any', async () => {
    const filter = { text: '1', status: 'finished', limit: 17 }
    const all = (await listTasks(site.djet, { ...filter, limit: 2000 })).tasks.map(({ id }) => id)
    const seen: number[] = []
    let page = await listTasks(site.djet, filter)
    for (;;) {
      seen.push(...page.tasks.map(({ id }) => id))
      if (page.older === null) break
      page = await listTasks(site.djet, { ...filter, before: page.older })
    }
    expect(seen).toEqual(all)
    const back = page.tasks.map(({ id }) => id)
    while (page.newer !== null) {
      page = await listTasks(site.djet, { ...filter, after: page.newer })
      back.unshift(...page.tasks.map(({ id }) => id))
    }
    expect(back).toEqual(all)
  })
})
