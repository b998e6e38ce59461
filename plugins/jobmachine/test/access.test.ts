import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createAccount, definePlugin, listAudit } from '../../../core/index.ts'
import { createTestSite, type TestSite } from '../../../test/site.ts'
import type { Visitor } from '../../../test/visitor.ts'
import { users } from '../../users/index.ts'
import { startable } from '../access.ts'
import {
  defineJob,
  jobmachine,
  listTasks,
  mayCancel,
  mayStart,
  publicTaskUrl,
  send,
  sendBatch,
  type TaskList,
  type TaskView,
} from '../index.ts'
import type { OwnTask } from '../own/view.ts'

const params = z.object({ n: z.int() })
const open = defineJob('acl.open', () => {}, { params, start: ['staff'] })
const secret = defineJob('acl.secret', () => {}, { params, access: { see: ['boss'], start: ['boss'] } })
const guarded = defineJob('acl.guarded', () => {}, {
  params,
  access: { cancel: ['boss'], start: ['everyone'] },
})
const silent = defineJob('acl.silent', () => {}, { params })
const plugin = definePlugin(() => ({
  name: 'acl',
  requires: ['jobmachine'],
  jobs: [open, secret, guarded, silent],
}))

const JSON_ACCEPT = { accept: 'application/json' }

describe('access to jobs', () => {
  let site: TestSite
  /** Roles: `staff` view, start and cancel at the node; `reader` view only; `boss` what jobs name, with staff. */
  const visitors = {} as Record<'guest' | 'plain' | 'reader' | 'staff' | 'boss' | 'admin', Visitor>

  beforeAll(async () => {
    site = await createTestSite({ plugins: [users(), jobmachine({ threads: 0 }), plugin()] })
    await site.djet.nodes.update('/jobs', {
      acl: { everyone: [], reader: ['view'], staff: ['view', 'start', 'cancel'] },
    })
    for (const [login, ...roles] of [
      ['plain'],
      ['reader', 'reader'],
      ['staff', 'staff'],
      ['boss', 'staff', 'boss'],
      ['admin2', 'admin'],
    ] as [string, ...string[]][]) {
      await createAccount(site.djet, { login, password: 'a long password 7', roles })
      const visitor = await (await site.visitor()).login(login, 'a long password 7')
      visitors[login.replace('2', '') as keyof typeof visitors] = visitor
    }
    visitors.guest = await site.visitor()
  })
  afterAll(() => site.close())

  const userOf = async (login: string) => {
    const [row] = await site.djet.query<{ id: number; login: string; name: string; roles: string[] }>(
      'select id, login, name, roles from djet.account where login = $1',
      [login],
    )
    return row!
  }
  /** A task with a failed attempt, a log line, a value and a file. */
  const made = async (job: typeof open, by?: string, status = 900) => {
    const djet = by === undefined ? site.djet : site.app.scope({ user: await userOf(by), system: true })
    const { id } = await send(djet, job, { n: 1 }, { title: `Task of ${job.name}` })
    const file = await djet.files.write({ name: 'letter.txt', type: 'text/plain', content: 'Dear Ann' })
    const [row] = await djet.query<{ id: number }>(
      `insert into jobmachine.result (task_id, file_id) values ($1, $2) returning result_id as id`,
      [id, file.id],
    )
    await djet.query(`insert into jobmachine.result (task_id, result) values ($1, '{"data":{"rows":7}}')`, [
      id,
    ])
    await djet.query(
      `insert into jobmachine.attempt (task_id, attempt, error, stack) values ($1, 1, 'no header', 'at secret.ts:1')`,
      [id],
    )
    await djet.query(
      `insert into jobmachine.log (task_id, attempt, message) values ($1, 1, 'inner workings')`,
      [id],
    )
    await djet.query(
      'update jobmachine.task set status = $2, attempt = 1, finished = case when $2 >= 200 then now() end where task_id = $1',
      [id, status],
    )
    return { id, url: `/jobs/task/${id}`, file: row!.id }
  }

  it.each([
    // class, then the status of page, events, result, retry and cancel for each
    ['open', 'guest', [401, 401, 401, 401, 401]],
    ['open', 'plain', [403, 403, 403, 403, 403]],
    ['open', 'reader', [200, 200, 200, 403, 403]],
    ['open', 'staff', [200, 200, 200, 303, 303]],
    ['open', 'admin', [200, 200, 200, 303, 303]],
    ['secret', 'guest', [401, 401, 401, 401, 401]],
    ['secret', 'plain', [403, 403, 403, 403, 403]],
    ['secret', 'reader', [404, 404, 404, 404, 404]],
    ['secret', 'staff', [404, 404, 404, 404, 404]],
    ['secret', 'boss', [200, 200, 200, 303, 303]],
    ['secret', 'admin', [200, 200, 200, 303, 303]],
    ['guarded', 'reader', [200, 200, 200, 403, 403]],
    ['guarded', 'staff', [200, 200, 200, 403, 403]],
    ['guarded', 'boss', [200, 200, 200, 303, 303]],
    ['guarded', 'admin', [200, 200, 200, 303, 303]],
  ] as const)('to a task of class %s for %s: %j', async (name, who, expected) => {
    const visitor = visitors[who]
    const { url, file } = await made({ open, secret, guarded }[name])
    const got = [
      await visitor.get(url, JSON_ACCEPT),
      await visitor.get(`${url}/events`, JSON_ACCEPT),
      await visitor.get(`${url}/result/${file}`, JSON_ACCEPT),
      await visitor.post(`${url}/retry`, {}, { headers: JSON_ACCEPT }),
      await visitor.post(`${url}/cancel`, {}, { headers: JSON_ACCEPT }),
    ]
    expect(got.map(({ status }) => status)).toEqual(expected)
    for (const answer of got.filter(({ status }) => status >= 400)) {
      expect(answer.text).not.toContain('Task of')
      expect(answer.text).not.toContain('Dear Ann')
    }
    // The same as for a task that is not there.
    const none = await visitor.get('/jobs/task/999999', JSON_ACCEPT)
    if (expected[0] === 404)
      expect(got[0]!.text.replace(/task \d+/, '')).toBe(none.text.replace(/task \d+/, ''))
  })

  it('shows buttons and stack traces only to those who may cancel', async () => {
    const { url } = await made(guarded)
    const staff = (await visitors.staff.get(url)).text
    expect(staff).toContain('no header')
    expect(staff).not.toContain('at secret.ts:1')
    expect(staff).not.toContain('/retry"')
    const boss = (await visitors.boss.get(url)).text
    expect(boss).toContain('at secret.ts:1')
    expect(boss).toContain('/retry"')
  })

  it('leaves tasks one does not see out of lists, counts, filters and batches', async () => {
    const seen: number[] = []
    for (let n = 0; n < 60; n++) {
      await send(site.djet, secret, { n }, { runAfter: '1h' })
      seen.unshift((await send(site.djet, silent, { n }, { runAfter: '1h' })).id)
    }
    const list = await visitors.staff.json<TaskList & { classes: string[] }>('/jobs')
    expect(list.tasks).toHaveLength(50)
    expect(list.tasks.map(({ id }) => id)).toEqual(seen.slice(0, 50))
    expect(list.tasks.some((task) => task.class === 'acl.secret')).toBe(false)
    expect(list.classes).toContain('acl.silent')
    expect(list.classes).not.toContain('acl.secret')
    expect((await visitors.staff.get('/jobs')).text).not.toContain('acl.secret')
    const refused = await visitors.staff.get('/jobs?class=acl.secret', JSON_ACCEPT)
    const unknown = await visitors.staff.get('/jobs?class=acl.sucret', JSON_ACCEPT)
    expect([refused.status, refused.text]).toEqual([400, unknown.text.replace('sucret', 'secret')])
    expect((await visitors.boss.json<TaskList>('/jobs?class=acl.secret')).tasks.length).toBeGreaterThan(20)

    const counts = async (who: 'staff' | 'admin') =>
      (await visitors[who].json<{ counts: { waiting: number } }>('/jobs')).counts.waiting
    expect((await counts('admin')) - (await counts('staff'))).toBe(60)

    const djet = site.app.scope({ user: await userOf('staff') })
    let page = await listTasks(djet, { limit: 7 })
    const all: number[] = []
    for (;;) {
      all.push(...page.tasks.map(({ id }) => id))
      if (page.older === null) break
      page = await listTasks(djet, { limit: 7, before: page.older })
    }
    const rows = await site.djet.query<{ id: number }>(
      `select task_id as id from jobmachine.task join jobmachine.class using (class_id)
       where name <> 'acl.secret' order by task_id desc`,
    )
    expect(all).toEqual(rows.map(({ id }) => id))
    while (page.newer !== null) page = await listTasks(djet, { limit: 7, after: page.newer })
    expect(page.tasks.map(({ id }) => id)).toEqual(all.slice(0, 7))

    const batch = await sendBatch(site.djet, { title: 'Secrets', job: secret, params: [{ n: 1 }, { n: 2 }] })
    expect((await visitors.boss.json<{ tasks: TaskList }>(batch.url)).tasks.tasks).toHaveLength(2)
    expect((await visitors.staff.json<{ tasks: TaskList }>(batch.url)).tasks.tasks).toEqual([])
    expect((await visitors.staff.post(`${batch.url}/cancel`, {})).status).toBe(403)
    expect((await visitors.boss.post(`${batch.url}/cancel`, {})).status).toBe(303)
  })

  it('lets those start a job by hand whom it names, where they may start at the node', async () => {
    const may = async (login: string) => {
      const djet = site.app.scope({ user: await userOf(login) })
      const jobs = [open, secret, guarded, silent]
      return Promise.all(jobs.map((job) => mayStart(djet, '/jobs', job)))
    }
    expect(await may('plain')).toEqual([false, false, false, false])
    expect(await may('reader')).toEqual([false, false, false, false])
    expect(await may('staff')).toEqual([true, false, true, false])
    expect(await may('boss')).toEqual([true, true, true, false])
    expect(await may('admin2')).toEqual([true, true, true, true])
    const staff = site.app.scope({ user: await userOf('staff') })
    expect((await startable(staff, '/jobs')).map(({ label }) => label)).toEqual(['Echo', 'Guarded', 'Open'])
    expect(await mayCancel(staff, '/jobs', { id: 1, class: 'acl.open' })).toBe(true)
  })

  it.each([
    [{ access: { start: ['a'] }, start: ['b'] }, 'are the same'],
    [{ access: { run: ['a'] } }, "not 'run'"],
  ])('refuses the policy %j', (policy, message) => {
    expect(() => defineJob('x.y', () => {}, { params, ...(policy as object) })).toThrow(message)
  })

  it('writes down who cancelled and retried what, and nothing of what was refused', async () => {
    const { id, url } = await made(open)
    await visitors.reader.post(`${url}/retry`, {})
    await visitors.staff.post(`${url}/retry`, {})
    await visitors.boss.post(`${url}/cancel`, {}, { headers: JSON_ACCEPT })
    await visitors.boss.post(`${url}/cancel`, {})
    const { items } = await listAudit(site.djet, { limit: 10 })
    const lines = items.filter(({ subject }) => subject === `task ${id}`)
    expect(lines).toMatchObject([
      { action: 'jobmachine.cancel', login: 'boss', door: 'api', data: { class: 'acl.open', tasks: 1 } },
      { action: 'jobmachine.retry', login: 'staff', door: 'page', data: { class: 'acl.open', tasks: 1 } },
    ])
  })

  it('shows no tasks of hidden classes to who looks through the eyes of others', async () => {
    await made(secret)
    await site.djet.nodes.update('/jobs', {
      acl: { everyone: [], reader: ['view'], staff: ['view', 'edit', 'start', 'cancel'] },
    })
    const preview = await visitors.staff.get('/jobs/-/preview?as=staff,boss')
    expect([preview.status, preview.text.includes('Task of acl.secret')]).toEqual([200, false])
    expect((await visitors.boss.get('/jobs/-/preview?as=staff,boss')).text).toContain('Task of acl.secret')
    await site.djet.nodes.update('/jobs', {
      acl: { everyone: [], reader: ['view'], staff: ['view', 'start', 'cancel'] },
    })
  })

  describe('of the one who asked for it', () => {
    it('shows progress, results and the error, and nothing else', async () => {
      const { id, url, file } = await made(secret, 'plain')
      const page = await visitors.plain.get(url)
      expect(page.status).toBe(200)
      expect(page.text).toContain('Task of acl.secret')
      expect(page.text).toContain('no header')
      expect(page.text).toContain(`href="${url}/result/${file}"`)
      expect(page.text).toMatch(/<dt>rows<\/dt>\s*<dd>\s*7/)
      for (const hidden of [
        'at secret.ts:1',
        'inner workings',
        'href="/jobs"',
        'Parameters',
        '/retry',
        'Worker',
      ]) {
        expect(page.text).not.toContain(hidden)
      }
      expect(page.headers.get('cache-control')).toBe('no-store')
      const json = await visitors.plain.json<{ task: OwnTask }>(url)
      expect(Object.keys(json)).toEqual(['task'])
      expect(json.task).toMatchObject({ id, status: 'failed', error: 'no header' })
      for (const key of ['parameters', 'attempts', 'log', 'worker']) expect(json.task).not.toHaveProperty(key)
      expect((await visitors.plain.get(`${url}/result/${file}`)).text).toBe('Dear Ann')
      const events = await visitors.plain.get(`${url}/events`)
      expect(events.text).toContain('event: over')
      expect(events.text).not.toContain('inner workings')
    })

    it('lets him cancel it, not retry it, and see no other', async () => {
      const mine = await made(guarded, 'plain', 0)
      const other = await made(guarded, 'reader', 0)
      expect((await visitors.plain.get(mine.url)).text).toContain(`action="${mine.url}/cancel"`)
      expect((await visitors.plain.post(`${mine.url}/cancel`, {})).status).toBe(303)
      expect((await visitors.plain.json<{ task: OwnTask }>(mine.url)).task).toMatchObject({
        status: 'failed',
        cancelled: true,
      })
      expect((await visitors.plain.get(mine.url)).text).toContain('It was cancelled.')
      expect((await visitors.plain.post(`${mine.url}/retry`, {})).status).toBe(403)
      for (const path of ['', '/events', `/result/${other.file}`]) {
        expect((await visitors.plain.get(other.url + path)).status).toBe(403)
      }
      expect((await visitors.plain.get(`${mine.url}/result/${other.file}`)).status).toBe(404)
      expect((await visitors.plain.post(`${other.url}/cancel`, {})).status).toBe(403)
      expect((await visitors.plain.get('/jobs')).status).toBe(403)
      expect((await visitors.plain.get('/jobs/-/edit')).status).toBe(403)
      // A reader cancels his own, though he may cancel no others.
      expect((await visitors.reader.get(other.url)).text).toContain(`action="${other.url}/cancel"`)
      expect((await visitors.reader.post(`${other.url}/cancel`, {})).status).toBe(303)
    })

    it('shows him nothing that somebody asked for who had his login before', async () => {
      const { id, url } = await made(guarded, 'plain', 0)
      await site.djet.query(
        "update jobmachine.task set created = created - interval '1 year' where task_id = $1",
        [id],
      )
      expect((await visitors.plain.get(url)).status).toBe(403)
      expect((await visitors.plain.post(`${url}/cancel`, {})).status).toBe(403)
    })

    it('shows those of the staff everything', async () => {
      const { url } = await made(open, 'staff')
      const { task } = await visitors.staff.json<{ task: TaskView }>(url)
      expect(task.attempts[0]!.stack).toBe('at secret.ts:1')
    })
  })

  describe('by a link', () => {
    it('shows status, progress and results of one task to whoever has it', async () => {
      const { id, file } = await made(secret)
      await site.djet.query('insert into jobmachine.progress (task_id, done, total) values ($1, 3, 4)', [id])
      const url = await publicTaskUrl(site.djet, id)
      expect(url).toMatch(new RegExp(`^/jobs/mine/${id}/[\\w-]{43}$`))
      const page = await visitors.guest.get(url)
      expect(page.status).toBe(200)
      expect(page.text).toContain('It could not be done.')
      expect(page.text).toContain('3 of 4')
      expect(page.text).toContain(`href="${url}/result/${file}"`)
      for (const hidden of ['no header', 'at secret.ts:1', 'inner workings', '"/jobs"', `return=${url}`]) {
        expect(page.text).not.toContain(hidden)
      }
      expect((await visitors.guest.json<{ task: OwnTask }>(url)).task).toMatchObject({ id, error: null })
      const download = await visitors.guest.get(`${url}/result/${file}`)
      expect(download.text).toBe('Dear Ann')
      const events = await visitors.guest.get(`${url}/events`)
      expect(events.text).toContain('event: over')
      expect(events.text).not.toContain('inner workings')
      for (const { headers } of [page, download, events]) {
        expect(headers.get('x-robots-tag')).toBe('noindex, nofollow')
        expect(headers.get('cache-control')).toBe('no-store')
      }
    })

    it('is worth nothing for another task, with another token, or for anything else', async () => {
      const one = await made(secret)
      const two = await made(secret)
      const url = await publicTaskUrl(site.djet, one.id)
      const token = url.split('/').at(-1)!
      const other = token.startsWith('A') ? `B${token.slice(1)}` : `A${token.slice(1)}`
      for (const path of [
        `/jobs/mine/${two.id}/${token}`,
        `/jobs/mine/${one.id}/${other}`,
        `/jobs/mine/${one.id}/${token.slice(0, -1)}`,
        `/jobs/mine/${one.id}/${token}x`,
        `/jobs/mine/999999/${token}`,
        `/jobs/mine/abc/${token}`,
        `${url}/result/${two.file}`,
        `${url}/log`,
        `/jobs/mine/${one.id}`,
        '/jobs/mine/-/edit',
      ]) {
        expect([path, (await visitors.guest.get(path)).status]).toEqual([path, 404])
      }
      expect((await visitors.guest.post(`${url}/cancel`, {})).status).toBe(404)
      const [row] = await site.djet.query<{ status: number }>(
        'select status from jobmachine.task where task_id = $1',
        [one.id],
      )
      expect(row!.status).toBe(900)
      await expect(publicTaskUrl(site.djet, 999_999)).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' })
    })

    it('is not told to the log', async () => {
      const url = await publicTaskUrl(site.djet, (await made(open)).id)
      await visitors.guest.get(url)
      const file = join(site.app.config.dir, site.app.config.log.file)
      const place = url.slice(0, url.lastIndexOf('/'))
      await expect.poll(() => readFile(file, 'utf8'), { timeout: 5000 }).toContain(`"url":"${place}/…"`)
      expect(await readFile(file, 'utf8')).not.toContain(url.split('/').at(-1))
    })

    it('ends with the task', async () => {
      const { id } = await made(open)
      const url = await publicTaskUrl(site.djet, id)
      await site.djet.query('delete from jobmachine.task where task_id = $1', [id])
      expect((await visitors.guest.get(url)).status).toBe(404)
    })
  })
})
