import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CommandContext, createAccount } from '../../../core/index.ts'
import type { TestSite } from '../../../test/site.ts'
import type { Visitor } from '../../../test/visitor.ts'
import {
  insertSchedule,
  type RunList,
  runSchedule,
  type ScheduleList,
  type ScheduleView,
  scheduleView,
  type TaskView,
} from '../index.ts'
import { scheduleCommand } from '../schedule/command.ts'
import { createScheduleSite } from './schedule-site.ts'

const FORM = {
  name: 'Quarterly <b>',
  job: 'trial.report',
  params: '{ "days": 90 }',
  cron: '0 7 1 */3 *',
  zone: 'America/New_York',
  missed: 'once',
  title: '',
  priority: '',
  enabled: 'yes',
}

const json = { accept: 'application/json' }

let site: TestSite
let admin: Visitor
let staff: Visitor
let guest: Visitor

beforeAll(async () => {
  site = await createScheduleSite()
  const password = 'long enough 1'
  for (const role of ['admin', 'staff']) {
    const roles = [role]
    await createAccount(site.djet, { login: `the-${role}`, name: `The ${role}`, password, roles })
  }
  admin = await (await site.visitor()).login('the-admin', password)
  staff = await (await site.visitor()).login('the-staff', password)
  guest = await site.visitor()
})
afterAll(() => site?.close())

/** Makes a schedule by its form; gives the path of its page. */
async function make(form: Partial<typeof FORM>): Promise<string> {
  const answer = await admin.post('/jobs/schedules/new', { ...FORM, ...form })
  expect([answer.status, answer.location]).toEqual([303, expect.stringMatching(/^\/jobs\/schedules\/\d+$/)])
  return answer.location!
}

async function view(path: string): Promise<{ schedule: ScheduleView } & RunList> {
  return admin.json<{ schedule: ScheduleView } & RunList>(path)
}

describe('the pages of schedules', () => {
  it('are for those who may see the jobs, and changed by those who may schedule', async () => {
    const { schedules } = await admin.json<ScheduleList>('/jobs/schedules')
    const own = `/jobs/schedules/${schedules[0]!.id}`
    for (const path of ['/jobs/schedules', own, '/jobs/schedules/new']) {
      expect((await guest.get(path)).location).toMatch(/^\/login/)
      expect((await staff.get(path)).status).toBe(path.endsWith('new') ? 403 : 200)
    }
    expect((await staff.get(own)).text).toContain('<li><a href="/jobs/schedules">Schedules</a></li>')
    for (const path of [
      '/jobs/schedules/new',
      own,
      ...['run', 'pause', 'delete'].map((verb) => `${own}/${verb}`),
    ]) {
      expect([path, (await staff.post(path, FORM)).status]).toEqual([path, 403])
      expect((await admin.post(path, FORM, { withoutToken: true })).status).toBe(403)
    }
    expect((await staff.get('/jobs/schedules')).text).not.toContain('New schedule')
    expect((await staff.get(own)).text).not.toContain('<button class="button" type="submit">Pause')
    expect((await staff.get('/jobs')).text).toContain('href="/jobs/schedules"')
  })

  it('show one of a plugin: when it runs, in its zone; it can be paused and run, not changed', async () => {
    const list = await admin.get('/jobs/schedules')
    expect(list.text).toContain('At 06:30, Monday through Friday')
    const { schedules } = await admin.json<ScheduleList>('/jobs/schedules')
    const own = `/jobs/schedules/${schedules.find(({ name }) => name === 'trial.nightly')!.id}`
    const { text } = await admin.get(own)
    expect(text).toContain('Declared by plugin trial')
    expect(text).toMatch(/(Mon|Tue|Wed|Thu|Fri) \d{4}-\d\d-\d\d 06:30:00 \+0[12]:00/)
    expect(text).not.toContain('id="f-cron"')
    expect((await admin.post(own, FORM, { headers: json })).json()).toMatchObject({
      error: { code: 'SCHEDULE_FROM_CODE' },
    })
    expect((await admin.post(`${own}/delete`, {})).status).toBe(409)
    expect((await admin.post(`${own}/pause`, {})).location).toBe(own)
    expect((await view(own)).schedule).toMatchObject({ enabled: false, nextDue: null, times: [] })
    expect((await admin.get('/jobs/schedules')).text).toContain('<span class="badge warn">paused</span>')
    expect((await admin.post(`${own}/resume`, {})).location).toBe(own)
    expect((await view(own)).schedule.times).toHaveLength(5)
    const run = await admin.post(`${own}/run`, {})
    expect(run.location).toMatch(/^\/jobs\/task\/\d+$/)
    expect((await admin.get(run.location!)).text).toContain('Report of 1 days')
    expect((await view(own)).runs).toMatchObject([
      { byHand: true, requestedBy: 'the-admin', status: 'waiting' },
    ])
    expect((await admin.get('/jobs/schedules')).text).toContain(`href="${run.location}"`)
  })

  it('make, change and delete one', async () => {
    const empty = (await admin.get('/jobs/schedules/new')).text
    expect(empty).toContain('<option value="trial.report">')
    expect(empty).toContain('name="zone" aria-describedby="f-zone-help" value="Europe/Copenhagen"')
    const own = await make({})
    const made = await view(own)
    expect(made.schedule).toMatchObject({
      name: FORM.name,
      source: 'page',
      params: { days: 90 },
      enabled: true,
    })
    const page = (await admin.get(own)).text
    expect(page).toContain('Quarterly &lt;b&gt;')
    expect(page).toContain('value="0 7 1 */3 *"')
    expect(page).toContain('<option value="once" selected>')

    const change = { ...FORM, cron: '15 7 1 * *', priority: '-5', title: 'Q', version: '1' }
    expect((await admin.post(own, change)).location).toBe(own)
    expect((await view(own)).schedule).toMatchObject({
      cron: '15 7 1 * *',
      priority: -5,
      title: 'Q',
      version: 2,
    })
    const late = await admin.post(own, change)
    expect([late.status, late.text.includes('was changed meanwhile')]).toEqual([409, true])

    expect((await admin.post(`${own}/delete`, {})).location).toBe('/jobs/schedules')
    expect((await admin.get(own)).status).toBe(404)
  })

  it('say that nothing will run when the job of one is gone; it can be deleted', async () => {
    const own = await make({ name: 'without a job' })
    const { id } = (await view(own)).schedule
    await site.djet.query("update jobmachine.schedule set job = 'gone.report' where schedule_id = $1", [id])
    expect((await admin.get(own)).text).toContain('No plugin brings job gone.report, so it does not run.')
    await admin.post(`${own}/pause`, {})
    await admin.post(`${own}/resume`, {})
    expect((await admin.get(own)).text).toContain('but it sends nothing: no plugin brings job gone.report.')
    expect((await view(own)).schedule).toMatchObject({ enabled: true, known: false, times: [] })
    expect((await admin.post(`${own}/run`, {})).status).toBe(404)
    expect((await admin.post(`${own}/delete`, {})).location).toBe('/jobs/schedules')
    expect((await admin.get(own)).status).toBe(404)
  })

  it('show a form that was refused again, filled, with a message at each field', async () => {
    const wrong = {
      ...FORM,
      cron: '0 25 * * *',
      params: '{"days": "many"}',
      zone: 'Europe/Rom',
      priority: 'x',
    }
    for (const path of ['/jobs/schedules/new', await make({ name: 'to be changed' })]) {
      const { status, text } = await admin.post(path, wrong)
      expect(status).toBe(422)
      expect(text).toContain('Please correct 4 fields.')
      for (const field of ['cron', 'params', 'zone', 'priority'])
        expect(text).toContain(`id="f-${field}-error"`)
      expect(text).toContain('hour &#39;25&#39; cannot be read: it takes 0-23')
      expect(text).toContain('value="0 25 * * *"')
      expect(text).toContain('{&quot;days&quot;: &quot;many&quot;}')
      expect(text).toContain('Did you mean &#39;Europe/Rome&#39;?')
    }
  })

  it('have inputs for the parameters of the job, made from its schema', async () => {
    const { params: _, ...form } = FORM
    const begun = await admin.post('/jobs/schedules/new', { ...form, _job: 'yes' })
    expect(begun.text).toMatch(/<input type="number" name="params\/days"/)
    expect(begun.text).toContain('value="Quarterly &lt;b&gt;"')
    const inputs = { ...form, name: 'By inputs', params_of: 'trial.report' }
    const refused = await admin.post('/jobs/schedules/new', { ...inputs, 'params/days': '1.5' })
    expect([refused.status, refused.text]).toEqual([422, expect.stringContaining('id="f-params-days-error"')])
    const own = (await admin.post('/jobs/schedules/new', { ...inputs, 'params/days': '30' })).location!
    expect((await view(own)).schedule.params).toEqual({ days: 30 })
    expect((await admin.get(own)).text).toMatch(/name="params\/days" value="30"/)
    const other = await admin.post(own, { ...inputs, job: 'trial.payroll', 'params/days': '30' })
    expect([other.status, other.text]).toEqual([
      200,
      expect.stringContaining('name="params_of" value="trial.payroll"'),
    ])
    expect((await view(own)).schedule).toMatchObject({ job: 'trial.report', params: { days: 30 } })

    const { task } = await admin
      .post(`${own}/run`, {})
      .then(({ location }) => admin.json<{ task: TaskView }>(location!))
    expect(task.schedule?.name).toBe('By inputs')
    expect((await admin.get(`/jobs/task/${task.id}`)).text).toContain(`<a href="${own}">By inputs</a>`)
  })

  it('take and give JSON', async () => {
    const body = { ...FORM, name: 'by a program', params: { days: 3 }, priority: 4, enabled: false }
    const headers = { ...json, 'content-type': 'application/json', 'x-csrf-token': await admin.token() }
    const answer = await admin.request('POST', '/jobs/schedules/new', JSON.stringify(body), headers)
    expect(answer.status).toBe(303)
    expect((await view(answer.location!)).schedule).toMatchObject({
      params: { days: 3 },
      priority: 4,
      enabled: false,
    })
    const bad = { ...body, cron: '61 * * * *' }
    const refused = await admin.request('POST', '/jobs/schedules/new', JSON.stringify(bad), headers)
    expect([refused.status, refused.json()]).toEqual([
      422,
      {
        error: expect.objectContaining({
          code: 'SCHEDULE_INVALID',
          fields: expect.objectContaining({ cron: expect.stringContaining("minute '61'") }),
        }),
      },
    ])
  })

  it('show and schedule only jobs that the reader may see and start', async () => {
    await site.djet.nodes.update('/jobs', { acl: { bookkeeper: ['view', 'start', 'schedule'] } })
    const password = 'long enough 1'
    await createAccount(site.djet, { login: 'bo', name: 'Bo', password, roles: ['bookkeeper'] })
    const bo = await (await site.visitor()).login('bo', password)
    const form = { ...FORM, name: 'Pay', job: 'trial.payroll', params: '{}' }
    const own = (await bo.post('/jobs/schedules/new', form)).location!
    expect((await bo.get(own)).text).toContain('<option value="trial.payroll" selected>')
    expect((await bo.get('/jobs/schedules/new')).text).not.toContain('trial.report')
    expect((await bo.post(`${own}/run`, {})).status).toBe(303)

    const { schedules } = await bo.json<ScheduleList>('/jobs/schedules')
    const other = `/jobs/schedules/${schedules.find(({ job }) => job === 'trial.report')!.id}`
    expect((await bo.post('/jobs/schedules/new', { ...FORM, name: 'Not his' })).status).toBe(403)
    expect((await bo.post(own, FORM)).status).toBe(403)
    expect((await bo.post(`${other}/run`, {})).status).toBe(403)
    expect((await bo.post(other, form)).status).toBe(403)

    expect((await staff.get(own)).status).toBe(404)
    expect((await staff.get('/jobs/schedules')).text).not.toContain('trial.payroll')
    expect((await admin.get(own)).status).toBe(200)
  })

  it('begin paused when the box is not ticked', async () => {
    const { enabled: _, ...form } = FORM
    const answer = await admin.post('/jobs/schedules/new', { ...form, name: 'not yet' })
    expect((await view(answer.location!)).schedule.enabled).toBe(false)
  })

  it('page through all schedules and all runs, both ways', async () => {
    const input = { ...FORM, title: null, priority: null, enabled: true }
    for (let n = 0; n < 105; n++)
      await insertSchedule(site.djet, { ...input, name: `z ${String(n).padStart(3, '0')}` })
    const seen: string[] = []
    let page = await admin.json<ScheduleList>('/jobs/schedules')
    expect(page.previous).toBeNull()
    const first = page
    for (;;) {
      seen.push(...page.schedules.map(({ name }) => name))
      if (page.next === null) break
      page = await admin.json<ScheduleList>(`/jobs/schedules?${new URLSearchParams({ next: page.next })}`)
    }
    expect(new Set(seen).size).toBe(seen.length)
    expect(seen.filter((name) => name.startsWith('z '))).toHaveLength(105)
    while (page.previous !== null)
      page = await admin.json<ScheduleList>(
        `/jobs/schedules?${new URLSearchParams({ previous: page.previous })}`,
      )
    expect(page.schedules).toEqual(first.schedules)

    const own = `/jobs/schedules/${page.schedules[0]!.id}`
    // Some of them within the same millisecond.
    await Promise.all(Array.from({ length: 60 }, () => runSchedule(site.djet, page.schedules[0]!.id)))
    const newest = await view(own)
    expect([newest.runs.length, newest.newer]).toEqual([50, null])
    const older = await view(`${own}?older=${newest.older}`)
    expect([older.runs.length >= 10, older.older]).toEqual([true, null])
    expect((await view(`${own}?newer=${older.newer}`)).runs).toEqual(newest.runs)
    expect((await admin.get(`${own}?older=${newest.older}`)).text).toContain(
      `href="${own}?newer=${older.newer}"`,
    )
  })

  it.each([
    ['/jobs/schedules/0', 404],
    ['/jobs/schedules/99999', 404],
    ['/jobs/schedules/9999999999999', 404],
    ['/jobs/schedules/x', 404],
    ['/jobs/schedules?next=%00', 400],
    ['/jobs/schedules?previous=A', 200],
  ])('%s answers %i', async (path, status) => expect((await admin.get(path)).status).toBe(status))
})

describe('djet schedule', () => {
  async function run(...args: string[]): Promise<string[]> {
    const lines: string[] = []
    const context: CommandContext = {
      args,
      dir: site.app.config.dir,
      open: async () => site.app,
      print: (line) => lines.push(line),
      signal: new AbortController().signal,
    }
    await scheduleCommand.run(context)
    return lines
  }

  it('lists all of them and runs one', async () => {
    const lines = await run('list')
    expect(lines.length).toBeGreaterThan(100)
    expect(lines).toContainEqual(
      expect.stringMatching(
        /^trial\.nightly: trial\.report, At 06:30, Monday through Friday \(Europe\/Rome\), next \d/,
      ),
    )
    expect(lines).toContainEqual(expect.stringMatching(/^by a program: .*, paused$/))
    expect(await run('run', 'trial.nightly')).toEqual([
      expect.stringMatching(/^task \d+ sent: \/jobs\/task\/\d+$/),
    ])
  })

  it('pauses, resumes and deletes one, and says when its job is unknown', async () => {
    const { zone: _, ...input } = { ...FORM, name: 'by hand', title: null, priority: null, enabled: true }
    const id = await insertSchedule(site.djet, input)
    expect((await scheduleView(site.djet, id))!.zone).toBe('Europe/Copenhagen')
    expect(await run('pause', 'by hand')).toEqual(['the schedule is paused'])
    expect(await run('resume', 'by hand')).toEqual(['the schedule runs again, from now on'])
    await site.djet.query("update jobmachine.schedule set job = 'gone.report' where schedule_id = $1", [id])
    expect(await run('list')).toContainEqual(expect.stringMatching(/^by hand: .*, its job is unknown$/))
    await run('pause', 'by hand')
    expect(await run('resume', 'by hand')).toEqual([
      expect.stringContaining('no plugin brings job gone.report'),
    ])
    await run('delete', 'by hand')
    await expect(run('delete', 'by hand')).rejects.toMatchObject({ code: 'SCHEDULE_NOT_FOUND' })
    await expect(run('delete', 'trial.nightly')).rejects.toMatchObject({ code: 'SCHEDULE_FROM_CODE' })
  })

  it.each([[], ['run'], ['list', 'x'], ['stop', 'x'], ['toString', 'x']])('refuses %j', async (...args) => {
    await expect(run(...args)).rejects.toMatchObject({ code: 'USAGE' })
  })

  it('knows what is near', async () => {
    await expect(run('run', 'trial.nightli')).rejects.toThrow("Did you mean 'trial.nightly'?")
  })
})
