import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAccount, listAudit } from '../../../core/index.ts'
import type { Visitor } from '../../../test/visitor.ts'
import { cancelTask, echo, send, sendBatch, sendMany, type TaskView, taskView, waitFor } from '../index.ts'
import type { Overview } from '../overview/overview.ts'
import { createJobsSite, type JobsSite } from './jobs-site.ts'
import { filed, flaky, hopeless, slow } from './trial.ts'

let site: JobsSite
let staff: Visitor
let reader: Visitor
let guest: Visitor
beforeAll(async () => {
  site = await createJobsSite()
  const password = 'long enough 1'
  await createAccount(site.djet, { login: 'anna', name: 'Anna', password, roles: ['staff'] })
  await createAccount(site.djet, { login: 'rita', name: 'Rita', password, roles: ['reader'] })
  await site.djet.nodes.update('/jobs', { acl: { reader: ['view'] } })
  staff = await (await site.visitor()).login('anna', password)
  reader = await (await site.visitor()).login('rita', password)
  guest = await site.visitor()
  await site.work()
})
afterAll(() => site?.close())

/** Posts JSON. */
async function postJson(who: Visitor, path: string, body: object) {
  const headers = { ...json, 'content-type': 'application/json', 'x-csrf-token': await who.token() }
  return who.request('POST', path, JSON.stringify(body), headers)
}

const json = { accept: 'application/json' }
const overview = async () => (await staff.json<{ overview: Overview }>('/jobs')).overview

async function failSome(n: number): Promise<number[]> {
  const sent = await sendMany(site.djet, hopeless, Array(n).fill({ how: 'failed' }))
  for (const { id } of sent) await waitFor(site.djet, id)
  return sent.map(({ id }) => id)
}

describe('the overview', () => {
  it('shows counts, charts with a table, workers with what they run', async () => {
    for (const { id } of await sendMany(site.djet, echo, Array(5).fill({}))) await waitFor(site.djet, id)
    await failSome(2)
    const running = await send(site.djet, slow, { ms: 20_000 }, { title: 'A <long> one' })
    await expect
      .poll(async () => (await overview()).workers.flatMap(({ tasks }) => tasks.map(({ id }) => id)))
      .toEqual([running.id])
    const now = await overview()
    expect(now.counts).toMatchObject({ running: 1, finished: 5, failed: 2 })
    expect(now.classes.find((each) => each.class === echo.name)).toMatchObject({ finished: 5, failed: 0 })
    expect(now.series.bars).toHaveLength(60)
    expect(now.series.bars.reduce((sum, bar) => sum + bar.finished, 0)).toBe(5)
    expect(now.series.bars.reduce((sum, bar) => sum + bar.failed, 0)).toBe(2)
    const { text } = await staff.get('/jobs?span=day')
    expect(text).toContain('A &lt;long&gt; one')
    expect(text).toContain('<svg class="chart"')
    expect(text).toContain('The same as a table')
    expect(text).not.toMatch(/ style=|<script>/)
    expect((await staff.get('/jobs?status=failed')).text).not.toContain('data-overview')
    expect((await staff.get('/jobs?span=year')).status).toBe(400)
    await cancelTask(site.djet, running.id)
    await waitFor(site.djet, running.id)
  })

  it('pauses and resumes a class for those who may cancel', async () => {
    expect((await reader.get('/jobs')).text).not.toContain('action="/jobs/pause"')
    expect((await staff.get('/jobs')).text).toContain('action="/jobs/pause"')
    expect((await reader.post('/jobs/pause', { class: echo.name })).status).toBe(403)
    expect((await staff.post('/jobs/pause', { class: echo.name }, { withoutToken: true })).status).toBe(403)
    expect((await staff.post('/jobs/pause', { class: 'no.such' })).status).toBe(404)
    expect((await staff.post('/jobs/pause', { class: echo.name })).location).toBe('/jobs')
    const { id } = await send(site.djet, echo, {})
    await expect.poll(async () => (await staff.get('/jobs')).text).toContain('paused</span>')
    expect((await taskView(site.djet, id))?.status).toBe('waiting')
    await staff.post('/jobs/resume', { class: echo.name })
    expect((await waitFor(site.djet, id)).status).toBe('finished')
  })
})

describe('many tasks at once', () => {
  it('ticked ones are retried and cancelled', async () => {
    const failed = await failSome(3)
    const form = new URLSearchParams({ _csrf: await staff.token(), do: 'retry', filter: 'status=failed' })
    for (const id of failed) form.append('task', String(id))
    const answer = await staff.request('POST', '/jobs/bulk', form)
    expect([answer.status, answer.location]).toEqual([303, '/jobs?status=failed'])
    for (const id of failed) {
      await waitFor(site.djet, id)
      await expect.poll(async () => (await taskView(site.djet, id))!.attempts.length).toBe(2)
    }
    const batch = await sendBatch(
      site.djet,
      { title: 'B', job: slow, params: [{ ms: 1 }] },
      { runAfter: '1h' },
    )
    const waiting = await send(site.djet, slow, { ms: 1 }, { runAfter: '1h' })
    const body = { do: 'cancel', task: [waiting.id, batch.id, failed[0]] }
    expect((await postJson(staff, '/jobs/bulk', body)).json()).toEqual({ changed: 2, leftAlone: 1 })
    expect(await taskView(site.djet, waiting.id)).toMatchObject({
      status: 'failed',
      cancelled: true,
      timeline: [{ outcome: 'cancelled', error: 'cancelled by anna' }],
    })
    await expect.poll(async () => (await taskView(site.djet, batch.id))?.status).toBe('failed')
    expect((await staff.get('/jobs')).text).toContain('2 tasks are cancelled. 1 was left alone.')
  })

  it('all that match are asked about, and done by a task that leaves later ones alone', async () => {
    await sendMany(site.djet, hopeless, Array(1200).fill({ how: 'failed' }))
    await expect
      .poll(async () => (await overview()).classes.find((each) => each.class === hopeless.name)?.failed, {
        timeout: 30_000,
      })
      .toBeGreaterThanOrEqual(1200)
    const filter = `class=${hopeless.name}&status=failed&text=failed`
    const { text, status } = await staff.post('/jobs/bulk', { do: 'retry-all', filter })
    expect(status).toBe(200)
    expect(text).toMatch(/Retry <strong>1,20\d<\/strong> tasks that are failed\?/)
    const answer = await staff.post('/jobs/bulk', { do: 'retry-all', filter, confirm: 'yes' })
    const id = Number(/^\/jobs\/task\/(\d+)$/.exec(answer.location!)![1])
    const outcome = await waitFor(site.djet, id, { timeout: '50s' })
    expect(outcome).toMatchObject({ status: 'finished' })
    const { retried } = outcome.results[0] as { retried: number }
    expect(retried).toBeGreaterThanOrEqual(1200)
    const [row] = await site.djet.query<{ n: number }>(
      `select count(*)::int as n from jobmachine.attempt a join jobmachine.task t using (task_id)
       where t.class_id = jobmachine.class_id('${hopeless.name}') and a.attempt = 2`,
    )
    await expect.poll(() => row!.n).toBeGreaterThan(0)
    const { items } = await listAudit(site.djet, { action: 'jobmachine.bulk-retry' })
    expect(items[0]).toMatchObject({ login: 'anna', subject: `task ${id}` })
  }, 90_000)

  it('all is done by programs in one call; nothing without right or sense', async () => {
    await sendMany(site.djet, slow, Array(30).fill({ ms: 1 }), { runAfter: '1h', title: 'to go' })
    const body = {
      do: 'cancel-all',
      filter: { class: slow.name, text: 'to go', status: ['waiting', 'failed'] },
    }
    const answer = await postJson(staff, '/jobs/bulk', body)
    const outcome = await waitFor(site.djet, Number(answer.location!.split('/').at(-1)), { timeout: '50s' })
    expect(outcome.results).toEqual([{ cancelled: 30, 'left alone': 0 }])
    expect((await reader.post('/jobs/bulk', { do: 'retry-all', filter: '' })).status).toBe(403)
    expect((await reader.get('/jobs')).text).not.toContain('name="task"')
    for (const wrong of [{ do: 'remove' }, { do: 'retry' }, { do: 'retry', task: 'x' }])
      expect([wrong, (await staff.post('/jobs/bulk', wrong)).status]).toEqual([wrong, 422])
    expect((await staff.post('/jobs/bulk', { do: 'retry-all', filter: 'status=odd' })).status).toBe(400)
    expect((await staff.post('/jobs/bulk', { do: 'cancel-all', filter: 'text=nowhere' })).text).toContain(
      'No task that matches is waiting or running',
    )
  }, 60_000)
})

describe('a task page', () => {
  it('tells all attempts, and what waits for what', async () => {
    const first = await send(site.djet, flaky, { failures: 1 })
    const then = await send(site.djet, echo, {}, { after: [first.id], runAfter: '1h' })
    await waitFor(site.djet, first.id)
    const { task } = await staff.json<{ task: TaskView }>(first.url)
    expect(task.timeline).toMatchObject([
      { attempt: 1, outcome: 'failed', error: 'no luck in attempt 1', worker: { thread: 1 } },
      { attempt: 2, outcome: 'finished', worker: { thread: 1 } },
    ])
    expect((await staff.get(first.url)).text).toContain('Attempt 2')
    const { text } = await staff.get(then.url)
    expect(text).toContain('Waits for')
    expect(text).toContain(`href="${first.url}"`)
  })

  it('runs again as a new task, by those who may start it', async () => {
    await createAccount(site.djet, { login: 'boss', name: 'B', password: 'long enough 1', roles: ['admin'] })
    const admin = await (await site.visitor()).login('boss', 'long enough 1')
    const { id, url } = await send(site.djet, slow, { ms: 7 }, { title: 'Seven', priority: 3 })
    await waitFor(site.djet, id)
    expect((await staff.post(`${url}/again`, {})).status).toBe(403)
    expect((await admin.get(url)).text).toContain(`action="${url}/again"`)
    const answer = await admin.post(`${url}/again`, {})
    const again = await taskView(site.djet, Number(answer.location!.split('/').at(-1)))
    expect(again).toMatchObject({
      class: slow.name,
      title: 'Seven',
      priority: 3,
      parameters: { ms: 7 },
      requestedBy: 'boss',
    })
    expect(again!.id).toBeGreaterThan(id)
  })

  it('shows pictures and PDF without letting anything run', async () => {
    for (const [name, type, shown] of [
      ['a.png', 'image/png', 'inline'],
      ['a.pdf', 'application/pdf', 'inline'],
      // Drawn, by a policy that lets it do nothing else.
      ['a.svg', 'image/svg+xml', 'inline'],
      ['a.html', 'text/html', 'attachment'],
    ] as const) {
      const { id, url } = await send(site.djet, filed, { name, type, bytes: 100 })
      await waitFor(site.djet, id)
      const { task } = await staff.json<{ task: TaskView }>(url)
      const path = `${url}/result/${task.results[1]!.id}`
      const { headers } = await staff.get(`${path}?show`)
      expect([name, headers.get('content-disposition')?.split(';')[0]]).toEqual([name, shown])
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      if (name === 'a.svg')
        expect(headers.get('content-security-policy')).toMatch(/default-src 'none'.*sandbox/)
      const { text } = await staff.get(url)
      expect([name, text.includes(`<img class="preview" src="${path}?show"`)]).toEqual([
        name,
        name === 'a.png',
      ])
      expect([name, text.includes(`href="${path}?show"`)]).toEqual([
        name,
        shown === 'inline' && name !== 'a.svg',
      ])
    }
  })
})

describe('figures for programs', () => {
  it('are read by those who may view, in the format of Prometheus', async () => {
    for (const path of ['/jobs/events', '/jobs/metrics'])
      expect((await guest.get(path, json)).status).toBe(401)
    await failSome(1)
    const { text, headers } = await reader.get('/jobs/metrics')
    expect(headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    for (const line of text.trimEnd().split('\n'))
      expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{\w+="[^"\n]*"(,\w+="[^"\n]*")*\})? -?[\d.e+-]+)$/)
    expect(text).toMatch(/^djet_jobs_workers 1$/m)
    expect(text).toMatch(/^djet_jobs_ended_total\{class="trial\.hopeless",status="failed"\} [1-9]/m)
    const bucket = (le: string) =>
      Number(
        new RegExp(
          `^djet_jobs_duration_seconds_bucket\\{class="trial.hopeless",le="${le}"\\} (\\d+)$`,
          'm',
        ).exec(text)![1],
      )
    expect(bucket('0.005')).toBeLessThanOrEqual(bucket('1'))
    expect(text).toContain(`djet_jobs_duration_seconds_count{class="trial.hopeless"} ${bucket('\\+Inf')}`)
    const bearing = (token: string) => ({ authorization: `Bearer ${token}` })
    const scraped = await guest.get('/jobs/metrics', bearing('prometheus-reads-this'))
    expect([scraped.status, scraped.text.includes('djet_jobs_workers 1')]).toEqual([200, true])
    for (const [path, token] of [
      ['/jobs/metrics', 'of-somebody-else'],
      ['/', 'prometheus-reads-this'],
    ] as const)
      expect((await guest.get(path, bearing(token))).status, path).toBe(401)
  })

  it('tell health without a login, details only to those who may view', async () => {
    await expect.poll(async () => (await guest.get('/jobs/health')).status).toBe(200)
    const answer = await guest.get('/jobs/health')
    expect([answer.status, answer.json()]).toEqual([200, { status: 'ok' }])
    expect((await reader.get('/jobs/health')).json()).toMatchObject({
      status: 'ok',
      workers: 1,
      problems: [],
    })
    await site.djet.query(`insert into jobmachine.class (name) values ('trial.nobody')`)
    await site.djet.query(`insert into jobmachine.task (class_id, run_after)
      values (jobmachine.class_id('trial.nobody'), now() - interval '3 hours')`)
    expect((await guest.get('/jobs/health')).status).toBe(503)
    expect((await reader.get('/jobs/health')).json()).toMatchObject({
      status: 'unavailable',
      problems: [expect.stringContaining('has been due for 108')],
    })
    expect((await reader.get('/jobs/metrics')).text).toMatch(
      /oldest_waiting_seconds\{class="trial\.nobody"\} 108\d\d/,
    )
  })
})
