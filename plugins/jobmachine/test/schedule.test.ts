import { afterEach, describe, expect, it, vi } from 'vitest'
import { definePlugin, openConfig } from '../../../core/index.ts'
import type { TestSite } from '../../../test/site.ts'
import {
  defineSchedule,
  dueTime,
  echo,
  enableSchedule,
  insertSchedule,
  listRuns,
  removeSchedule,
  runSchedule,
  type Schedule,
  scheduleByName,
  scheduleView,
  taskView,
  updateSchedule,
} from '../index.ts'
import { jobsOf } from '../registry.ts'
import { Calendar } from '../schedule/calendar.ts'
import { dueTimes } from '../schedule/due.ts'
import { pruneRuns } from '../schedule/prune.ts'
import { schedulesOf } from '../schedule/registry.ts'
import { syncSchedules } from '../schedule/sync.ts'
import { makeDue } from '../schedule/tick.ts'
import { createScheduleSite, nightly, openAgain, report, runsOf, scheduled } from './schedule-site.ts'

const INPUT = {
  name: 'every minute',
  job: 'trial.report',
  params: '{"days":7}',
  cron: '* * * * *',
  zone: 'UTC',
  missed: 'skip',
  title: null,
  priority: null,
}

let site: TestSite
afterEach(() => site?.close())

/** Makes what is due, without the timer. */
async function tick(on: TestSite = site): Promise<void> {
  const state = { jobs: jobsOf(on.app), troubled: new Set<number>() }
  while (await makeDue(on.app, state));
}

async function setDue(name: string, sql: string): Promise<void> {
  await site.djet.query(`update jobmachine.schedule set next_due = ${sql} where name = $1`, [name])
}

async function view(name: string) {
  return (await scheduleView(site.djet, await scheduleByName(site.djet, name)))!
}

describe('schedules of plugins', () => {
  it.each<[Partial<Parameters<typeof defineSchedule>[1]>, string]>([
    [{ zone: 'Europe/Rom' }, "zone: 'Europe/Rom' is no time zone. Did you mean 'Europe/Rome'?"],
    [{ cron: '0 25 * * *' }, "cron: hour '25' cannot be read"],
    [{ cron: '0 0 31 4 *' }, 'cron: no such day ever comes.'],
    [{ params: { days: 0 } }, "params: parameters of 'trial.report' do not fit: days:"],
    [{ missed: 'never' as 'skip' }, 'missed: must be one of skip, once, all.'],
    [{ priority: 1.5 }, 'priority: must be a whole number from -100 to 100.'],
  ])('are checked at boot: %j', async (change, message) => {
    const wrong = defineSchedule('trial.wrong', {
      job: report,
      params: { days: 1 },
      cron: '* * * * *',
      ...change,
    })
    const opening = openConfig({ plugins: scheduled([wrong as Schedule]) }, '/nowhere')
    await expect(opening).rejects.toMatchObject({ code: 'SCHEDULE_INVALID' })
    await expect(opening).rejects.toThrow(`schedule 'trial.wrong' of plugin 'trial': ${message}`)
  })

  it('have names of their own and jobs that a plugin brings', () => {
    expect(() => schedulesOf(contributing([nightly, nightly]))).toThrow(
      "plugin 'trial' brings schedule 'trial.nightly', which plugin 'trial' brings already",
    )
    expect(() => schedulesOf(contributing([nightly], []))).toThrow(
      "job: no plugin brings a job of class 'trial.report'",
    )
  })

  function contributing(schedules: readonly Schedule[], jobs = [report]) {
    const trial = definePlugin(() => ({ name: 'trial', jobs, schedules }))()
    const contributions = (key: 'jobs' | 'schedules') => [{ plugin: trial, value: trial[key] }]
    return { contributions } as unknown as Parameters<typeof schedulesOf>[0]
  }

  it('become rows, follow the code, and stay as they are at a restart', async () => {
    const plain = defineSchedule('trial.plain', { job: report, params: { days: 1 }, cron: '0 7 * * *' })
    site = await createScheduleSite([nightly, plain])
    await syncSchedules(site.app, schedulesOf(site.app))
    expect(await view('trial.plain')).toMatchObject({ zone: 'Europe/Copenhagen' })
    const first = await view('trial.nightly')
    expect(first).toMatchObject({ source: 'code', plugin: 'trial', enabled: true, gone: false, last: null })
    expect(first.words).toBe('At 06:30, Monday through Friday')
    expect(first.nextDue).toEqual(new Calendar('30 6 * * 1-5', 'Europe/Rome').next(new Date()))
    expect(first.times).toHaveLength(5)

    await setDue('trial.nightly', "now() - interval '3 hours'")
    // One that was made when the site had no zone of its own.
    await site.djet.query("update jobmachine.schedule set zone = 'UTC' where name = 'trial.plain'")
    await syncSchedules(site.app, schedulesOf(site.app))
    expect(await view('trial.plain')).toMatchObject({ zone: 'UTC', version: 1 })
    expect((await view('trial.nightly')).nextDue!.getTime()).toBeLessThan(Date.now())
    expect((await view('trial.nightly')).version).toBe(1)

    const later = defineSchedule('trial.nightly', { job: report, params: { days: 2 }, cron: '0 7 * * *' })
    const other = await openAgain(site, [later])
    await syncSchedules(other, schedulesOf(other))
    const changed = await view('trial.nightly')
    expect(changed).toMatchObject({
      cron: '0 7 * * *',
      zone: 'Europe/Rome',
      missed: 'skip',
      params: '{"days":2}',
      version: 2,
    })
    expect(changed.nextDue!.getTime()).toBeGreaterThan(Date.now())
    await other.stop()
  })

  it('stay paused when they were, and rest while their code is gone', async () => {
    site = await createScheduleSite()
    await syncSchedules(site.app, schedulesOf(site.app))
    const { id } = await view('trial.nightly')
    await enableSchedule(site.djet, id, false)
    await syncSchedules(site.app, schedulesOf(site.app))
    expect(await view('trial.nightly')).toMatchObject({ enabled: false, nextDue: null, times: [] })
    await expect(updateSchedule(site.djet, id, INPUT)).rejects.toMatchObject({ code: 'SCHEDULE_FROM_CODE' })
    await expect(removeSchedule(site.djet, id)).rejects.toMatchObject({ code: 'SCHEDULE_FROM_CODE' })
    await enableSchedule(site.djet, id, true)

    await syncSchedules(site.app, new Map())
    expect(await view('trial.nightly')).toMatchObject({ gone: true, enabled: true, nextDue: null })
    await enableSchedule(site.djet, id, false)
    await expect(enableSchedule(site.djet, id, true)).rejects.toMatchObject({
      code: 'SCHEDULE_GONE',
      status: 409,
    })

    await syncSchedules(site.app, schedulesOf(site.app))
    expect(await view('trial.nightly')).toMatchObject({ gone: false, enabled: false })
    await syncSchedules(site.app, new Map())
    await removeSchedule(site.djet, id)
    expect(await scheduleView(site.djet, id)).toBeNull()
  })

  it('take their name from one of the page', async () => {
    site = await createScheduleSite()
    const id = await insertSchedule(site.djet, { ...INPUT, name: 'trial.nightly' })
    await syncSchedules(site.app, schedulesOf(site.app))
    expect(await scheduleView(site.djet, id)).toMatchObject({
      name: `trial.nightly (page ${id})`,
      source: 'page',
    })
    expect((await view('trial.nightly')).source).toBe('code')
  })

  it('may begin paused', async () => {
    const paused = defineSchedule('trial.paused', {
      job: echo,
      params: {},
      cron: '* * * * *',
      enabled: false,
    })
    site = await createScheduleSite([paused])
    await syncSchedules(site.app, schedulesOf(site.app))
    expect(await view('trial.paused')).toMatchObject({ enabled: false, nextDue: null, params: '{}' })
  })
})

describe('a due time', () => {
  it('makes its task and sets the next', async () => {
    site = await createScheduleSite()
    await insertSchedule(site.djet, { ...INPUT, title: 'By the clock', priority: 7 })
    await tick()
    expect(await runsOf(site, INPUT.name)).toEqual([])
    await setDue(INPUT.name, "date_trunc('minute', now())")
    await tick()
    const [run, ...more] = await runsOf(site, INPUT.name)
    expect(more).toEqual([])
    expect(await taskView(site.djet, run!.task_id!)).toMatchObject({
      class: 'trial.report',
      title: 'By the clock',
      priority: 7,
      parameters: { days: 7 },
      status: 'waiting',
    })
    const after = await view(INPUT.name)
    expect(after.nextDue!.getTime()).toBeGreaterThan(run!.due.getTime())
    expect(after.last).toMatchObject({ due: run!.due, task: run!.task_id, status: 'waiting', byHand: false })
    const inTask = { ...site.djet, task: { id: run!.task_id! }, query: site.djet.query.bind(site.djet) }
    expect(await dueTime(inTask as typeof site.djet)).toEqual(run!.due)
    expect(await dueTime(site.djet)).toBeNull()
  })

  it('makes none a second time', async () => {
    site = await createScheduleSite()
    await insertSchedule(site.djet, INPUT)
    for (let n = 0; n < 3; n++) {
      await setDue(INPUT.name, "date_trunc('hour', now())")
      await site.djet.query("update jobmachine.schedule set missed = 'once', cron = '0 * * * *'")
      await tick()
    }
    const tasks = await site.djet.query('select from jobmachine.task')
    expect([tasks.length, (await runsOf(site, INPUT.name)).length]).toEqual([1, 1])
  })

  it.each([
    ['skip', 1],
    ['once', 1],
    ['all', 4],
  ] as const)('that was missed: %s', async (missed, n) => {
    site = await createScheduleSite()
    await insertSchedule(site.djet, { ...INPUT, cron: '*/30 * * * * *', missed })
    // Half a minute more than a minute ago at least: two or three were missed, one or two are due just now.
    await setDue(INPUT.name, "date_trunc('minute', now()) - interval '2 minutes'")
    await tick()
    const runs = await runsOf(site, INPUT.name)
    expect(runs.length).toBeGreaterThanOrEqual(n)
    const oldest = Date.now() - runs[0]!.due.getTime()
    if (missed === 'skip') expect(oldest).toBeLessThan(62_000)
    if (missed === 'once') expect([runs.length, oldest < 32_000]).toEqual([1, true])
    if (missed === 'all') expect(oldest).toBeGreaterThanOrEqual(120_000)
    const tasks = await site.djet.query('select from jobmachine.task')
    expect(tasks).toHaveLength(runs.length)
  })

  it('is not missed while the schedule is paused', async () => {
    site = await createScheduleSite()
    const id = await insertSchedule(site.djet, { ...INPUT, missed: 'all' })
    await setDue(INPUT.name, "now() - interval '1 hour'")
    await enableSchedule(site.djet, id, false)
    await tick()
    await enableSchedule(site.djet, id, true)
    await tick()
    expect(await runsOf(site, INPUT.name)).toEqual([])
  })

  it('whose task cannot be sent says why, and the next one comes', async () => {
    site = await createScheduleSite()
    await insertSchedule(site.djet, INPUT)
    await site.djet.query(`update jobmachine.schedule set params = '{"days":0}'`)
    await setDue(INPUT.name, "date_trunc('minute', now())")
    await tick()
    expect(await runsOf(site, INPUT.name)).toMatchObject([
      { task_id: null, error: expect.stringContaining("parameters of 'trial.report' do not fit: days") },
    ])
    expect((await view(INPUT.name)).nextDue!.getTime()).toBeGreaterThan(Date.now())
  })

  it('of a schedule that cannot be followed does not hold up others', async () => {
    site = await createScheduleSite()
    await insertSchedule(site.djet, INPUT)
    await insertSchedule(site.djet, { ...INPUT, name: 'broken' })
    await insertSchedule(site.djet, { ...INPUT, name: 'of a job that is gone' })
    await site.djet.query("update jobmachine.schedule set cron = 'x' where name = 'broken'")
    await site.djet.query("update jobmachine.schedule set job = 'trial.gone' where name like '%gone'")
    await site.djet.query("update jobmachine.schedule set next_due = date_trunc('minute', now())")
    await tick()
    expect(await runsOf(site, INPUT.name)).toHaveLength(1)
    expect(await runsOf(site, 'broken')).toEqual([])
    expect(await view('of a job that is gone')).toMatchObject({ known: false, last: null })
  })

  it('belongs to the clock of the database, whatever that of the machine shows', async () => {
    site = await createScheduleSite()
    for (const shift of [-86_400_000, 86_400_000]) {
      const name = `shifted by ${shift}`
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + shift })
      try {
        await insertSchedule(site.djet, { ...INPUT, name, cron: '0 * * * *', missed: 'all' })
        await tick()
      } finally {
        vi.useRealTimers()
      }
      expect(await runsOf(site, name)).toEqual([])
      expect((await view(name)).nextDue).toEqual(new Calendar('0 * * * *', 'UTC').next(new Date()))
    }
  })

  it('that passed is treated as the schedule says', () => {
    const calendar = new Calendar('*/10 * * * * *', 'UTC')
    const now = new Date('2026-03-01T12:00:05Z')
    const at = (text: string) => new Date(`2026-03-01T${text}Z`)
    expect(dueTimes(calendar, at('11:59:50'), now, 'skip')).toEqual({
      times: [at('11:59:50'), at('12:00:00')],
      left: false,
    })
    expect(dueTimes(calendar, at('11:00:00'), now, 'skip').times).toHaveLength(6)
    expect(dueTimes(calendar, at('11:00:00'), now, 'once')).toEqual({ times: [at('12:00:00')], left: true })
    expect(dueTimes(calendar, at('11:00:00'), now, 'all').times).toHaveLength(361)
    const all = dueTimes(calendar, new Date('2026-02-01T00:00:00Z'), now, 'all')
    expect([all.times.length, all.left, all.times.at(-1)]).toEqual([1000, true, at('12:00:00')])
    const years = dueTimes(new Calendar('* * * * * *', 'Europe/Rome'), new Date(0), now, 'once')
    expect(years.times).toEqual([now])
  })
})

describe('a schedule of the page', () => {
  it('is made, changed, run and removed, and each is noted', async () => {
    site = await createScheduleSite()
    const id = await insertSchedule(site.djet, { ...INPUT, cron: '0 0 1 1 *' })
    const before = (await view(INPUT.name)).nextDue
    await updateSchedule(site.djet, id, {
      ...INPUT,
      name: 'renamed',
      cron: '0 0 1 1 *',
      params: '{"days":3}',
    })
    expect(await view('renamed')).toMatchObject({ nextDue: before, params: '{"days":3}', version: 2 })
    await updateSchedule(site.djet, id, { ...INPUT, cron: '0 0 1 2 *' }, 2)
    expect((await view(INPUT.name)).nextDue).not.toEqual(before)
    await expect(updateSchedule(site.djet, id, INPUT, 2)).rejects.toMatchObject({ code: 'SCHEDULE_CHANGED' })
    const task = await runSchedule(site.djet, id)
    expect((await listRuns(site.djet, id)).runs).toMatchObject([
      { task: task.id, byHand: true, status: 'waiting' },
    ])
    await enableSchedule(site.djet, id, false)
    await removeSchedule(site.djet, id)
    expect((await taskView(site.djet, task.id))?.status).toBe('waiting')
    const noted = await site.djet.query<{ action: string }>(
      "select action from djet.audit where action like 'jobmachine.schedule%' order by id",
    )
    expect(noted.map(({ action }) => action.replace('jobmachine.schedule-', ''))).toEqual([
      'new',
      'edit',
      'edit',
      'run',
      'pause',
      'delete',
    ])
  })

  it('says all that is wrong with it', async () => {
    site = await createScheduleSite()
    await insertSchedule(site.djet, INPUT)
    const wrong = {
      name: '',
      job: 'x',
      params: '{',
      cron: '* * * *',
      zone: 'Rome',
      missed: 'no',
      title: '',
      priority: 101,
    }
    await expect(insertSchedule(site.djet, wrong)).rejects.toMatchObject({
      code: 'SCHEDULE_INVALID',
      status: 422,
      fields: Object.fromEntries(
        ['name', 'job', 'cron', 'zone', 'missed', 'title', 'priority'].map((field) => [
          field,
          expect.any(String),
        ]),
      ),
    })
    const taken = {
      code: 'SCHEDULE_INVALID',
      fields: { name: "there is a schedule 'every minute' already." },
    }
    await expect(insertSchedule(site.djet, INPUT)).rejects.toMatchObject(taken)
    const other = await insertSchedule(site.djet, { ...INPUT, name: 'other' })
    await expect(updateSchedule(site.djet, other, INPUT)).rejects.toMatchObject(taken)
    await expect(insertSchedule(site.djet, { ...INPUT, params: '{' })).rejects.toMatchObject({
      fields: { params: expect.stringContaining('this is no JSON') },
    })
    await expect(runSchedule(site.djet, 99)).rejects.toMatchObject({
      code: 'SCHEDULE_NOT_FOUND',
      status: 404,
    })
    await expect(scheduleByName(site.djet, 'othr')).rejects.toThrow("Did you mean 'other'?")
  })
})

describe('old runs', () => {
  it('go with their tasks; the last one stays', async () => {
    site = await createScheduleSite()
    const id = await insertSchedule(site.djet, INPUT)
    const kept = await runSchedule(site.djet, id)
    await site.djet.query(
      `insert into jobmachine.schedule_run (schedule_id, due, task_id, created)
       select $1, date_trunc('minute', now()) - n * interval '1 minute', 1000000 + n, now() - interval '2 days'
       from generate_series(1, 2500) n`,
      [id],
    )
    await site.djet.query(
      `update jobmachine.schedule_run set created = now() - interval '2 days' where task_id = $1`,
      [kept.id],
    )
    await site.djet.query(
      `insert into jobmachine.schedule_run (schedule_id, due, error, created)
       values ($1, now() - interval '40 days', 'x', now() - interval '40 days'),
         ($1, now() - interval '20 days', 'y', now() - interval '20 days')`,
      [id],
    )
    expect(await pruneRuns(site.app.database)).toBe(2501)
    expect(await runsOf(site, INPUT.name)).toMatchObject([{ error: 'y' }, { task_id: kept.id }])
    await site.djet.query('delete from jobmachine.task')
    expect(await pruneRuns(site.app.database)).toBe(0)
  })
})
