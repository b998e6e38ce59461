import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAccount } from '../../../core/index.ts'
import type { Visitor } from '../../../test/visitor.ts'
import { echo, send, sendBatch, sendMany, type TaskList, type TaskView, waitFor } from '../index.ts'
import { createJobsSite, type JobsSite } from './jobs-site.ts'
import { busy, filed, hopeless, slow } from './trial.ts'

describe('the jobs page', () => {
  let site: JobsSite
  let staff: Visitor
  let guest: Visitor
  beforeAll(async () => {
    site = await createJobsSite()
    await createAccount(site.djet, {
      login: 'anna',
      name: 'Anna',
      password: 'long enough 1',
      roles: ['staff'],
    })
    staff = await (await site.visitor()).login('anna', 'long enough 1')
    guest = await site.visitor()
    await site.work()
    await waitFor(site.djet, (await send(site.djet, echo, { first: true })).id)
  })
  afterAll(() => site.close())

  it('sends visitors to the login, with everything below it', async () => {
    for (const path of ['/jobs', '/jobs/task/1', '/jobs/task/1/events', '/jobs/task/1/result/1']) {
      const answer = await guest.get(path)
      expect([answer.status, answer.location?.startsWith('/login')]).toEqual([303, true])
    }
    expect((await guest.get('/jobs', { accept: 'application/json' })).status).toBe(401)
  })

  it('cannot stand twice in a site', async () => {
    const second = site.djet.nodes.insert('/', { basetype: 'jobmachine', part: 'more-jobs' })
    await expect(second).rejects.toMatchObject({ code: 'NODE_MAX' })
    const raw = site.djet.query(
      `insert into djet.node (parent_id, part, path, basetype, name, title)
       select id, 'jobs2', '', 'jobmachine', 'x', 'x' from djet.node where path = '/'`,
    )
    await expect(raw).rejects.toThrow('node_one_jobmachine')
  })

  it('lists tasks and filters them by status and class', async () => {
    const waiting = await send(site.djet, slow, { ms: 1 }, { runAfter: '1h', title: 'Sleep <later>' })
    const { text } = await staff.get('/jobs')
    expect(text).toContain('Sleep &lt;later&gt;')
    expect(text).toContain(`href="/jobs/task/${waiting.id}"`)

    const list = await staff.json<TaskList>('/jobs?status=waiting&class=trial.slow')
    expect(list.tasks).toMatchObject([
      { id: waiting.id, class: 'trial.slow', status: 'waiting', title: 'Sleep <later>' },
    ])
    const none = await staff.json<TaskList>('/jobs?status=failed&class=trial.slow')
    expect(none.tasks).toEqual([])
    expect((await staff.get('/jobs?status=failed&class=trial.slow')).text).toContain('No tasks match.')
  })

  it.each([
    ['status=done', "'done' is no status"],
    ['class=nothing', "there are no tasks of class 'nothing'"],
    ['older=x', "'older' must be the number of a task"],
  ])('refuses %s', async (query, message) => {
    const answer = await staff.get(`/jobs?${query}`, { accept: 'application/json' })
    expect(answer.status).toBe(400)
    expect(answer.json<{ error: { message: string } }>().error.message).toContain(message)
  })

  it.each(['', '&status=waiting&class=trial.busy'])(
    'pages through all of them both ways (%j)',
    async (filter) => {
      await sendMany(site.djet, busy, Array(60).fill({ steps: 1 }), { runAfter: '1h' })
      const seen: number[] = []
      let page = await staff.json<TaskList>(`/jobs?${filter}`)
      expect(page.newer).toBeNull()
      const first = page
      for (;;) {
        seen.push(...page.tasks.map((task) => task.id))
        if (page.older === null) break
        page = await staff.json<TaskList>(`/jobs?older=${page.older}${filter}`)
      }
      expect(seen.length).toBeGreaterThanOrEqual(60)
      expect(seen).toEqual([...new Set(seen)].sort((a, b) => b - a))
      while (page.newer !== null) page = await staff.json<TaskList>(`/jobs?newer=${page.newer}${filter}`)
      expect(page.tasks).toEqual(first.tasks)
    },
  )

  it('shows a task with parameters, results and facts', async () => {
    const { id } = await send(site.djet, echo, { order: { lines: ['<b>', 'x'] } })
    await waitFor(site.djet, id)
    const { text } = await staff.get(`/jobs/task/${id}`)
    expect(text).toContain('jobmachine.echo')
    expect(text).toContain('<span class="badge good">finished</span>')
    expect(text).toContain('<dt>order</dt>')
    expect(text).toContain('<li>&lt;b&gt;</li>'.replaceAll('><', '>\n').split('\n')[0]!)
    expect(text).not.toContain('<li><b>')
    const { task } = await staff.json<{ task: TaskView }>(`/jobs/task/${id}`)
    expect(task).toMatchObject({
      id,
      status: 'finished',
      results: [{ data: { order: { lines: ['<b>', 'x'] } } }],
    })
  })

  it('says of each button what it does', async () => {
    const waiting = await send(site.djet, slow, { ms: 1 }, { runAfter: '1h' })
    const failed = await send(site.djet, hopeless, { how: 'missing' })
    await waitFor(site.djet, failed.id)
    for (const path of ['/jobs', waiting.url, failed.url]) {
      const buttons = (await staff.get(path)).text.match(/<button[^>]*>/g) ?? []
      expect(buttons.length).toBeGreaterThan(1)
      for (const button of buttons) expect(button).toContain('type="submit"')
    }
  })

  it('gives addresses that work whatever its node is called', async () => {
    await site.djet.nodes.update('/jobs', { part: 'job?s #1' })
    const { id, url } = await send(site.djet, slow, { ms: 1 }, { runAfter: '1h' })
    const batch = await sendBatch(site.djet, { title: 'None', job: echo, params: [] })
    await expect.poll(async () => (await staff.get(url)).status).toBe(200)
    expect((await staff.get(batch.url)).status).toBe(200)
    await site.djet.nodes.update('/job?s #1', { part: 'jobs' })
    await expect.poll(async () => (await staff.get(`/jobs/task/${id}`)).status).toBe(200)
  })

  it('shows why a task failed, and runs it again on demand', async () => {
    const { id } = await send(site.djet, hopeless, { how: 'missing' })
    await waitFor(site.djet, id)
    expect((await staff.get(`/jobs/task/${id}`)).text).toContain('there is no order 7')
    const answer = await staff.post(`/jobs/task/${id}/retry`, {})
    expect([answer.status, answer.location]).toEqual([303, `/jobs/task/${id}`])
    expect((await guest.post(`/jobs/task/${id}/retry`, {})).status).toBe(303)
    await waitFor(site.djet, id)
    const { task } = await staff.json<{ task: TaskView }>(`/jobs/task/${id}`)
    expect(task.attempts.map((attempt) => attempt.attempt)).toEqual([1, 2])
    expect((await staff.post(`/jobs/task/${id}/cancel`, {})).status).toBe(409)
  })

  it('shows the tasks of a batch', async () => {
    const batch = await sendBatch(site.djet, { title: 'Ten', job: echo, params: Array(10).fill({}) })
    await waitFor(site.djet, batch.id)
    const { text } = await staff.get(batch.url)
    expect(text).toContain('10 of 10 tasks done')
    const { tasks } = await staff.json<{ tasks: TaskList }>(`${batch.url}?status=finished`)
    expect(tasks.tasks).toHaveLength(10)
  })

  it.each([
    '/jobs/task/0',
    '/jobs/task/99999999',
    '/jobs/task/abc',
    '/jobs/task/1/result/99',
    '/jobs/task/1e3',
    '/jobs/nowhere',
  ])('%s is not there', async (path) => expect((await staff.get(path)).status).toBe(404))

  it.each([
    [
      'réport "1".csv',
      'text/csv',
      'text/csv; charset=utf-8',
      `attachment; filename="r_port \\"1\\".csv"; filename*=UTF-8''r%C3%A9port%20%221%22.csv`,
    ],
    ['page.html', 'text/html', 'text/html; charset=utf-8', 'attachment; filename="page.html"'],
    ['a.svg', 'image/svg+xml', 'image/svg+xml', 'attachment; filename="a.svg"'],
    ['a.pdf', 'application/pdf', 'application/pdf', 'attachment; filename="a.pdf"'],
  ])('downloads %s safely', async (name, type, contentType, disposition) => {
    const { id } = await send(site.djet, filed, { name, type, bytes: 300_000 })
    await waitFor(site.djet, id)
    const { task } = await staff.json<{ task: TaskView }>(`/jobs/task/${id}`)
    const path = `/jobs/task/${id}/result/${task.results[1]!.id}`
    expect((await staff.get(`/jobs/task/${id}`)).text).toContain(`href="${path}"`)
    for (const method of ['GET', 'HEAD']) {
      const { status, headers, text } = await staff.request(method, path)
      expect(status).toBe(200)
      expect(headers.get('content-type')).toBe(contentType)
      expect(headers.get('content-disposition')).toBe(disposition)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('content-length')).toBe('300000')
      expect(text.length).toBe(method === 'GET' ? 300_000 : 0)
    }
    expect((await staff.get(`/jobs/task/1/result/${task.results[1]!.id}`)).status).toBe(404)
  })

  it('follows a running task with server-sent events until it is over', async () => {
    const { id } = await send(site.djet, busy, { steps: 6 })
    const { status, headers, text } = await staff.get(`/jobs/task/${id}/events`)
    expect(status).toBe(200)
    expect(headers.get('content-type')).toContain('text/event-stream')
    const events = text.split('\n\n').filter((event) => event.startsWith('event:'))
    expect(events.length).toBeGreaterThan(2)
    expect(events.at(-1)).toContain('event: over')
    const states = events.map((event) => JSON.parse(event.slice(event.indexOf('data: ') + 6)))
    expect(states.flatMap((state) => state.log.map((line: { message: string }) => line.message))).toEqual(
      Array.from({ length: 6 }, (_, n) => `did step ${n + 1}`),
    )
    expect(states.at(-1)).toMatchObject({ status: 'finished', progress: { done: 6, total: 6 } })
  })

  it('lets the site stop while somebody follows a task', async () => {
    const { id } = await send(site.djet, slow, { ms: 1 }, { runAfter: '1h' })
    const following = staff.get(`/jobs/task/${id}/events`).then(
      (answer) => answer.text,
      () => 'cut',
    )
    await new Promise((resolve) => setTimeout(resolve, 300))
    await site.app.stop()
    expect(await following).toBeTypeOf('string')
  })
})
