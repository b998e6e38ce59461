import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { DjetApp, Stop } from '../../../core/index.ts'
import { Program, type SiteFolder, siteFolder } from '../../../test/program.ts'
import type { TestSite } from '../../../test/site.ts'
import { enableSchedule, insertSchedule, scheduleByName } from '../index.ts'
import { startSchedules } from '../schedule/ticker.ts'
import { createScheduleSite, openAgain, type Run, runsOf } from './schedule-site.ts'

const INPUT = {
  job: 'trial.report',
  params: '{"days":1}',
  zone: 'UTC',
  missed: 'all',
  title: null,
  priority: null,
}

/** Runs without gaps, one task each, and no other tasks. */
async function expectEachOnce(site: TestSite, runs: readonly Run[], name: string): Promise<void> {
  const seconds = runs.map(({ due }) => due.getTime() / 1000)
  expect(seconds).toEqual(Array.from(seconds, (_, n) => seconds[0]! + n))
  expect(new Set(runs.map(({ task_id }) => task_id)).size).toBe(runs.length)
  const tasks = await site.djet.query<{ id: number }>(
    `select t.task_id as id from jobmachine.task t where not exists (
       select from jobmachine.schedule_run r where r.task_id = t.task_id)`,
  )
  expect(tasks, name).toEqual([])
}

describe('four sites on one database', () => {
  let site: TestSite
  let apps: DjetApp[]
  let stops: Stop[]
  beforeAll(async () => {
    site = await createScheduleSite()
    apps = [site.app]
    while (apps.length < 4) apps.push(await openAgain(site))
    stops = await Promise.all(apps.map(startSchedules))
  })
  afterAll(async () => {
    await Promise.all((stops ?? []).map((stop) => stop()))
    await Promise.all((apps ?? []).slice(1).map((app) => app.stop()))
    await site?.close()
  })

  it('hear of a schedule at once, and make one task at each due time', { timeout: 30_000 }, async () => {
    const began = Date.now()
    const names = ['a', 'b', 'c']
    for (const name of names) await insertSchedule(site.djet, { ...INPUT, name, cron: '* * * * * *' })
    await expect
      .poll(() => runsOf(site, 'a').then((runs) => runs.length), { timeout: 8000 })
      .toBeGreaterThan(0)
    expect(Date.now() - began).toBeLessThan(8000)
    await expect
      .poll(() => runsOf(site, 'c').then((runs) => runs.length), { timeout: 15_000 })
      .toBeGreaterThan(4)
    for (const name of names) await enableSchedule(site.djet, await scheduleByName(site.djet, name), false)
    for (const name of names) await expectEachOnce(site, await runsOf(site, name), name)
    const late = await site.djet.query<{ late: number }>(
      'select max(extract(epoch from created - due))::float8 as late from jobmachine.schedule_run',
    )
    expect(late[0]!.late).toBeLessThan(5)
    const before = await runsOf(site, 'a')
    await new Promise((resolve) => setTimeout(resolve, 1500))
    expect(await runsOf(site, 'a')).toEqual(before)
  })

  it('go on when the database cuts their connections', { timeout: 30_000 }, async () => {
    await enableSchedule(site.djet, await scheduleByName(site.djet, 'b'), true)
    await site.djet.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    )
    const [clock] = await site.djet.query<{ now: Date }>('select now() as now')
    const since = async () => (await runsOf(site, 'b')).filter(({ due }) => due > clock!.now)
    await expect.poll(() => since().then((runs) => runs.length), { timeout: 15_000 }).toBeGreaterThan(3)
    await enableSchedule(site.djet, await scheduleByName(site.djet, 'b'), false)
    await expectEachOnce(site, await since(), 'b')
  })
})

const CONFIG = `import { defineConfig, definePlugin, z } from 'djet'
import { defineJob, defineSchedule, jobmachine } from 'djet/plugins/jobmachine'
import { users } from 'djet/plugins/users'
const report = defineJob('trial.report', () => {}, { params: z.object({ days: z.int() }) })
const second = defineSchedule('trial.second', { job: report, params: { days: 1 }, cron: '* * * * * *', missed: 'all' })
const trial = definePlugin(() => ({ name: 'trial', requires: ['jobmachine'], jobs: [report], schedules: [second] }))
export default defineConfig({ host: '127.0.0.1', plugins: [users(), jobmachine({ threads: 0 }), trial()] })`

describe('four processes', () => {
  let site: TestSite | undefined
  let folder: SiteFolder | undefined
  const programs: Program[] = []
  afterEach(async () => {
    await Promise.all(programs.map((program) => program.stop('SIGKILL')))
    await site?.close()
    await folder?.remove()
  })

  it('make one task at each second, though two of them are killed', { timeout: 120_000 }, async () => {
    site = await createScheduleSite([])
    folder = await siteFolder({ 'djet.config.ts': CONFIG })
    const env = { DATABASE_URL: site.databaseUrl }
    for (let n = 0; n < 3; n++) programs.push(new Program(folder.dir, ['start'], env))
    programs.push(new Program(folder.dir, ['work', '--threads', '1'], env))
    await Promise.all(programs.map((program) => program.says(/ready at|worker thread runs/)))
    const count = async () => (await runsOf(site!, 'trial.second')).length
    const begin = await count()
    await expect.poll(count, { timeout: 15_000 }).toBeGreaterThan(begin + 3)
    await Promise.all([programs[0]!.stop('SIGKILL'), programs[1]!.stop('SIGKILL')])
    const killed = await count()
    await expect.poll(count, { timeout: 15_000 }).toBeGreaterThan(killed + 3)
    await enableSchedule(site.djet, await scheduleByName(site.djet, 'trial.second'), false)
    const runs = await runsOf(site, 'trial.second')
    await expectEachOnce(site, runs, 'trial.second')
    const open = async () => (await site!.djet.query('select from jobmachine.task where status < 200')).length
    await expect.poll(open, { timeout: 15_000 }).toBe(0)
  })
})
