import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createAccount, definePlugin, listAudit } from '../../../core/index.ts'
import { createTestSite, type TestSite } from '../../../test/site.ts'
import type { Visitor } from '../../../test/visitor.ts'
import { users } from '../../users/index.ts'
import { defineJob, jobmachine, send, type TaskView } from '../index.ts'

const letters = defineJob('office.letters', () => {}, {
  label: 'Write letters',
  description: 'One letter to each of the names.',
  params: z.object({
    greeting: z.string().max(20).default('Dear').describe('What they begin with'),
    names: z.array(z.string().max(10)).min(1),
    format: z.enum(['pdf', 'docx']),
    copies: z.int().min(1).max(9).default(1),
    urgent: z.boolean(),
    lines: z.array(z.object({ product: z.string(), n: z.int().default(1) })).optional(),
  }),
  title: ({ names }) => `Letters to ${names.length}`,
  access: { start: ['staff'] },
})
const load = defineJob('office.load', () => {}, {
  params: z.object({
    file: z
      .string()
      .meta({ widget: 'file', title: 'Orders file', accept: ['text/csv', '.csv'], maxSize: 2000 }),
    dry: z.boolean(),
    note: z.string().min(3),
  }),
  start: ['staff'],
})
const free = defineJob('office.free', () => {}, { params: z.json(), start: ['staff'] })
const secret = defineJob('office.secret', () => {}, {
  params: z.object({}),
  access: { see: ['boss'], start: ['boss'] },
})
const closed = defineJob('office.closed', () => {}, { params: z.object({}) })
const office = definePlugin(() => ({
  name: 'office',
  requires: ['jobmachine'],
  jobs: [letters, load, free, secret, closed],
}))
const asJson = { headers: { accept: 'application/json' } }

describe('starting tasks by hand', () => {
  let site: TestSite
  const visitors = {} as Record<'guest' | 'plain' | 'reader' | 'staff' | 'boss' | 'admin', Visitor>
  beforeAll(async () => {
    site = await createTestSite({
      plugins: [users(), jobmachine({ threads: 0 }), office()],
      config: { limits: { upload: 100_000 } },
    })
    await site.djet.nodes.update('/jobs', {
      acl: { everyone: [], reader: ['view'], staff: ['view', 'start', 'cancel'] },
    })
    for (const [who, ...roles] of [
      ['plain'],
      ['reader', 'reader'],
      ['staff', 'staff'],
      ['boss', 'boss', 'staff'],
      ['admin', 'admin'],
    ] as [keyof typeof visitors, ...string[]][]) {
      await createAccount(site.djet, { login: `${who}-1`, password: 'a long password 7', roles })
      visitors[who] = await (await site.visitor()).login(`${who}-1`, 'a long password 7')
    }
    visitors.guest = await site.visitor()
  })
  afterAll(() => site.close())

  const tasks = async (): Promise<number> =>
    (await site.djet.query<{ n: number }>('select count(*)::int as n from jobmachine.task'))[0]!.n
  const csv = (content: string, type = 'text/csv', name = 'orders.csv') => new File([content], name, { type })

  it.each([
    ['guest', 401, []],
    ['plain', 403, []],
    ['reader', 403, []],
    ['staff', 200, ['jobmachine.echo', 'office.free', 'office.load', 'office.letters']],
    ['boss', 200, ['jobmachine.echo', 'office.free', 'office.load', 'office.secret', 'office.letters']],
    [
      'admin',
      200,
      [
        'office.closed',
        'jobmachine.echo',
        'office.free',
        'office.load',
        'jobmachine.noop',
        'office.secret',
        'office.letters',
      ],
    ],
  ] as const)('shows %s what he may start (%i)', async (who, status, classes) => {
    const answer = await visitors[who].get('/jobs/start', asJson.headers)
    expect(answer.status).toBe(status)
    if (status === 200) {
      expect(answer.json<{ jobs: { class: string }[] }>().jobs.map((job) => job.class)).toEqual(classes)
      const { text } = await visitors[who].get('/jobs/start')
      for (const name of classes) expect(text).toContain(`href="/jobs/start/${name}"`)
    }
  })

  it.each([
    // class, then what each gets for the form and for sending it
    ['office.free', { guest: 401, plain: 403, reader: 403, staff: 200, boss: 200, admin: 200 }],
    ['office.secret', { guest: 401, plain: 403, reader: 403, staff: 404, boss: 200, admin: 200 }],
    ['office.closed', { guest: 401, plain: 403, reader: 403, staff: 403, boss: 403, admin: 200 }],
    ['office.nothing', { guest: 401, plain: 403, reader: 403, staff: 404, boss: 404, admin: 404 }],
  ] as const)('opens %s to whom it names only', async (name, expected) => {
    for (const [who, status] of Object.entries(expected)) {
      const visitor = visitors[who as keyof typeof visitors]
      const before = await tasks()
      const page = await visitor.get(`/jobs/start/${name}`, asJson.headers)
      const sent = await visitor.post(`/jobs/start/${name}`, { params: '{}' }, asJson)
      expect([who, page.status, sent.status]).toEqual([who, status, status === 200 ? 201 : status])
      expect((await tasks()) - before).toBe(status === 200 ? 1 : 0)
    }
    expect((await visitors.guest.get(`/jobs/start/${name}`)).location).toContain('/login')
  })

  it('makes a form of the parameters, with defaults and explanations', async () => {
    const { text } = await visitors.staff.get('/jobs/start/office.letters')
    expect(text).toContain('<h1>Write letters</h1>')
    expect(text).toContain('One letter to each of the names.')
    expect(text).toMatch(/<input type="text" name="params\/greeting" value="Dear" maxlength="20"/)
    expect(text).toContain('What they begin with')
    expect(text).toMatch(/<textarea name="params\/names" rows="4"[^>]* required/)
    expect(text).toMatch(/<input type="number" name="params\/copies" value="1" min="1" max="9" step="1"/)
    expect(text).toContain('<option value="pdf">pdf</option>')
    expect(text).toContain('<input type="checkbox" name="params/urgent"')
    expect(text).not.toMatch(/style=|onclick/)
    // Each label belongs to an input, each description exists.
    const ids = new Set([...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id))
    for (const [, id] of text.matchAll(/ for="([^"]+)"/g)) expect(ids).toContain(id)
    for (const [, list] of text.matchAll(/aria-describedby="([^"]+)"/g)) {
      for (const id of list!.split(' ')) expect(ids).toContain(id)
    }
    const schema = await visitors.staff.json<{ parameters: { properties: object } }>(
      '/jobs/start/office.letters',
    )
    expect(Object.keys(schema.parameters.properties)).toContain('names')
  })

  it('sends what was filled in, and notes who started it', async () => {
    const answer = await visitors.staff.post('/jobs/start/office.letters', {
      'params/greeting': '',
      'params/names': 'Ann\r\nBob',
      'params/format': 'pdf',
      'params/copies': '2',
      'params/urgent': 'on',
      'params/lines/*': '2',
      'params/lines/0/product': 'Tea',
      'params/lines/0/n': '3',
      'params/lines/1/product': '',
      'params/lines/1/n': '1',
      title: 'By hand',
      priority: '-5',
      runAfter: '2031-02-03T04:05',
    })
    expect(answer.status).toBe(303)
    const { task } = await visitors.staff.json<{ task: TaskView }>(answer.location!)
    expect(task).toMatchObject({
      class: 'office.letters',
      title: 'By hand',
      priority: -5,
      runAfter: '2031-02-03T04:05:00.000Z',
      requestedBy: 'staff-1',
      parameters: {
        names: ['Ann', 'Bob'],
        format: 'pdf',
        copies: 2,
        urgent: true,
        lines: [{ product: 'Tea', n: 3 }],
      },
    })
    const page = await visitors.staff.get(answer.location!)
    expect(page.text).toContain(`Task ${task.id} is sent.`)
    expect(page.text).toContain(`href="/jobs/start/office.letters?from=${task.id}"`)
    const { items } = await listAudit(site.djet, { action: 'jobmachine.start', user: 'staff-1', limit: 1 })
    expect(items).toMatchObject([
      { subject: `task ${task.id}`, door: 'page', data: { class: 'office.letters', title: 'By hand' } },
    ])
    // Another like it begins with the same.
    const again = (await visitors.staff.get(`/jobs/start/office.letters?from=${task.id}`)).text
    expect(again).toMatch(/name="params\/copies" value="2"/)
    expect(again).toContain('>\nAnn\nBob</textarea>')
    expect(again).toMatch(/name="params\/lines\/0\/product" value="Tea"/)
  })

  it('takes the parameters of a program as they are', async () => {
    const post = (body: unknown) =>
      visitors.staff.token().then((token) =>
        visitors.staff.request('POST', '/jobs/start/office.letters', JSON.stringify(body), {
          ...asJson.headers,
          'content-type': 'application/json',
          'x-csrf-token': token,
        }),
      )
    const good = await post({ params: { names: ['Ann'], format: 'pdf', urgent: false }, priority: 3 })
    expect(good.status).toBe(201)
    const { task } = good.json<{ task: { id: number; url: string } }>()
    expect(good.headers.get('location')).toBe(task.url)
    const { items } = await listAudit(site.djet, { action: 'jobmachine.start', limit: 1 })
    expect(items).toMatchObject([{ subject: `task ${task.id}`, door: 'api' }])
    const bad = await post({ params: { names: [] } })
    expect(bad.status).toBe(422)
    expect(Object.keys(bad.json<{ error: { fields: object } }>().error.fields)).toEqual([
      'names',
      'format',
      'urgent',
    ])
    expect(
      (await post({ params: { names: ['A'], format: 'pdf', urgent: true }, runAfter: 'soon' })).status,
    ).toBe(422)
  })

  it('shows the form again with what was typed and what is wrong at each field', async () => {
    const before = await tasks()
    const answer = await visitors.staff.post('/jobs/start/office.letters', {
      'params/greeting': 'Hello <b>',
      'params/names': 'Ann\nSomebody with a long name',
      'params/format': '',
      'params/copies': '12',
      'params/urgent': 'on',
      'params/lines/*': '1',
      'params/lines/0/product': '',
      'params/lines/0/n': '7',
      priority: '1000',
      runAfter: 'tomorrow',
    })
    expect(answer.status).toBe(422)
    const { text } = answer
    expect(text).toContain('Please correct 6 fields.')
    expect(text).toContain('value="Hello &lt;b&gt;"')
    expect(text).toContain('Somebody with a long name</textarea>')
    expect(text).toContain('<p class="field-error" id="f-params-names-error">line 2: must have at most')
    expect(text).toContain('<p class="field-error" id="f-params-format-error">must be filled in</p>')
    expect(text).toContain('<p class="field-error" id="f-params-lines-0-product-error">must be filled in</p>')
    expect(text).toContain('must be a whole number from -100 to 100')
    expect(text).toContain('must be a date with a time')
    expect(text).toMatch(/name="params\/copies" value="12"[^>]* aria-invalid="true"/)
    expect(text).toMatch(/name="params\/urgent"[^>]* checked/)
    expect(text).toContain('href="#f-params-copies"')
    expect(await tasks()).toBe(before)
    const json = await visitors.staff.post('/jobs/start/office.letters', {}, asJson)
    expect(json.status).toBe(422)
    expect(json.json<{ error: { fields: object } }>().error.fields).toMatchObject({
      'params/format': 'must be filled in',
    })
  })

  it('adds and removes rows without JavaScript, and sends nothing', async () => {
    const before = await tasks()
    const form = {
      'params/greeting': 'Hi',
      'params/names': '',
      'params/lines/*': '1',
      'params/lines/0/product': 'Tea',
      'params/lines/0/n': '3',
      title: 'Kept',
    }
    const more = await visitors.staff.post('/jobs/start/office.letters', { ...form, _add: 'params/lines' })
    expect(more.status).toBe(200)
    expect(more.text).toContain('name="params/lines/*" value="2"')
    expect(more.text).toMatch(/name="params\/lines\/1\/product" value=""[^>]* autofocus/)
    expect(more.text).toContain('name="params/greeting" value="Hi"')
    expect(more.text).toContain('value="Kept"')
    expect(more.text).not.toContain('must be filled in')
    const fewer = await visitors.staff.post('/jobs/start/office.letters', {
      ...form,
      _remove: 'params/lines/0',
    })
    expect(fewer.text).toContain('name="params/lines/*" value="0"')
    expect(fewer.text).not.toContain('value="Tea"')
    expect(await tasks()).toBe(before)
  })

  describe('with a file', () => {
    const form = (fields: Record<string, string | File>): FormData => {
      const data = new FormData()
      for (const [name, value] of Object.entries(fields)) data.append(name, value)
      return data
    }

    it('keeps it as long as the task', async () => {
      const { text } = await visitors.staff.get('/jobs/start/office.load')
      expect(text).toContain('enctype="multipart/form-data"')
      expect(text).toContain('accept="text/csv,.csv"')
      const answer = await visitors.staff.post(
        '/jobs/start/office.load',
        form({ 'params/file': csv('a;b'), 'params/dry': 'on', 'params/note': 'all of them' }),
      )
      expect(answer.status).toBe(303)
      const { task } = await visitors.staff.json<{ task: TaskView }>(answer.location!)
      const { file } = task.parameters as { file: string }
      expect(task.parameters).toEqual({ file, dry: true, note: 'all of them' })
      const [row] = await site.djet.query('select name, kept from djet.file where id = $1', [file])
      expect(row).toEqual({ name: 'orders.csv', kept: true })
      await site.djet.query('delete from jobmachine.task where task_id = $1', [task.id])
      expect(await site.djet.files.get(file)).toBeNull()
    })

    it('keeps it through an error elsewhere', async () => {
      const failed = await visitors.staff.post(
        '/jobs/start/office.load',
        form({ 'params/file': csv('a;b'), 'params/note': 'x' }),
      )
      expect(failed.status).toBe(422)
      const [, id] = /<input type="hidden" name="params\/file" value="([^"]+)">/.exec(failed.text) ?? []
      expect(failed.text).toContain('<strong>orders.csv</strong>, 3 B, is chosen')
      const answer = await visitors.staff.post(
        '/jobs/start/office.load',
        form({ 'params/file': id!, 'params/note': 'better' }),
      )
      expect(answer.status).toBe(303)
      const { task } = await visitors.staff.json<{ task: TaskView }>(answer.location!)
      expect(task.parameters).toEqual({ file: id, dry: false, note: 'better' })
      // A file that belongs to a task already is not for another one.
      const twice = await visitors.staff.post(
        '/jobs/start/office.load',
        form({ 'params/file': id!, 'params/note': 'twice' }),
      )
      expect(twice.status).toBe(422)
      expect(twice.text).toContain('is no longer here. Choose it again')
    })

    it.each([
      [csv('x'.repeat(3000)), 'is larger than 2 KB', 422],
      [csv('x'.repeat(200_000)), 'is larger than 98 KB', 413],
      [csv('x', 'image/png', 'a.dat'), 'must be one of text/csv, .csv', 422],
    ])('refuses what does not fit (%#)', async (file, message, status) => {
      const before = await tasks()
      const answer = await visitors.staff.post(
        '/jobs/start/office.load',
        form({ 'params/note': 'typed text', 'params/file': file }),
      )
      expect(answer.status).toBe(status)
      expect(answer.text).toContain(message)
      expect(answer.text).toContain('value="typed text"')
      expect(await tasks()).toBe(before)
    })

    it.each([
      [
        'one that is somebody else’s',
        async () => {
          const file = await site.djet.files.write({ name: 'a.csv', type: 'text/csv', content: 'secret' })
          await site.djet.files.keep(file.id)
          return file.id
        },
      ],
      ['one that is not there', async () => '00000000-0000-4000-8000-000000000000'],
      ['no id', async () => "x' or 1=1"],
    ])('refuses %s', async (_what, id) => {
      const answer = await visitors.staff.post(
        '/jobs/start/office.load',
        form({ 'params/note': 'all', 'params/file': await id() }),
      )
      expect(answer.status).toBe(422)
      expect(answer.text).toContain('is no longer here')
    })

    it('stores nothing of what strangers send', async () => {
      const count = async () =>
        (await site.djet.query<{ n: number }>('select count(*)::int as n from djet.file'))[0]!.n
      const before = await count()
      const answer = await visitors.plain.post('/jobs/start/office.load', form({ 'params/file': csv('x') }))
      expect([answer.status, await count()]).toEqual([403, before])
    })
  })

  it('does not begin with the parameters of a task one does not see', async () => {
    const { id } = await send(site.djet, secret, {})
    expect((await visitors.staff.get(`/jobs/start/office.free?from=${id}`)).status).toBe(404)
    expect((await visitors.staff.get('/jobs/start/office.free?from=x')).status).toBe(200)
  })
})
