import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAccount } from '../../../core/index.ts'
import type { Visitor } from '../../../test/visitor.ts'
import { echo, send, taskView, waitFor } from '../index.ts'
import { createJobsSite, type JobsSite } from './jobs-site.ts'

/** Rows as a client that writes SQL may leave them: SQL of each column's value. */
const ROWS: readonly Record<string, string>[] = [
  { run_after: `'infinity'` },
  { run_after: `'-infinity'` },
  { run_after: `'294276-12-31'` },
  { run_after: `'4713-01-01 BC'` },
  { run_after: 'null' },
  { created: `'infinity'`, started: `'-infinity'`, finished: `'infinity'`, modified: `'infinity'` },
  { remove_after: `'infinity'`, status: '200' },
  { remove_after: `'-infinity'` },
  { title: `''` },
  { title: `'  '` },
  { title: `E'<script>\\n\\u202e "quoted" & \\U0001F9C1'` },
  { title: `repeat('long ', 100000)` },
  { parameters: 'null' },
  { parameters: `''` },
  { parameters: `'[]'` },
  { parameters: `'{'` },
  { parameters: `'null'` },
  { parameters: `'1e999'` },
  { parameters: `'[null, {}, {"a": [1]}, {"__proto__": {"x": 1}}, {"toJSON": 1}]'` },
  { parameters: `'[{"constructor": null, "hasOwnProperty": 1}]'` },
  { parameters: `repeat('[', 50000) || repeat(']', 50000)` },
  { parameters: `repeat('{"a":', 50000) || '1' || repeat('}', 50000)` },
  { parameters: `'"' || repeat('x', 1000000) || '"'` },
  { status: '100' },
  { status: '100', worker_id: '4711' },
  { status: '200' },
  { status: '900' },
  { priority: '32767', timeout: '0', max_attempts: '0' },
  { priority: '-32768', timeout: '-1', max_attempts: '-1', transaction_id: '-1', '"grouping"': `''` },
  { parent_id: '4711', requested_by: `''` },
]

describe('a task written by somebody else', () => {
  let site: JobsSite
  let staff: Visitor
  /** A task at the highest attempt, for a worker to run. */
  let highest: number
  beforeAll(async () => {
    site = await createJobsSite()
    await createAccount(site.djet, {
      login: 'anna',
      name: 'Anna',
      password: 'long enough 1',
      roles: ['staff'],
    })
    staff = await (await site.visitor()).login('anna', 'long enough 1')
  })
  afterAll(() => site.close())

  async function insert(className: string, row: Readonly<Record<string, string>>): Promise<number> {
    const columns = { class_id: `jobmachine.class_id('${className}')`, ...row }
    const [task] = await site.djet.query<{ id: number }>(
      `insert into jobmachine.task (${Object.keys(columns)}) values (${Object.values(columns)})
       returning task_id as id`,
    )
    return task!.id
  }

  it.each([...ROWS, { class: 'jobmachine.batch' }, { class: '' }, { class: '<&?#%> ü' }])(
    'is shown, in the list and by itself: %o',
    async ({ class: className = 'elsewhere.report', ...row }) => {
      const id = await insert(className, row)
      for (const path of ['/jobs', `/jobs?class=${encodeURIComponent(className)}`, `/jobs/task/${id}`]) {
        const answer = await staff.get(path)
        expect([path, answer.status]).toEqual([path, 200])
        if (!path.endsWith(`/${id}`)) expect(answer.text).toContain(`href="/jobs/task/${id}"`)
        expect((await staff.get(path, { accept: 'application/json' })).status).toBe(200)
      }
      await site.djet.query('delete from jobmachine.task where task_id = $1', [id])
    },
  )

  it('is said to wait when no plugin brings its job, and shown in part when it is large', async () => {
    const id = await insert('gone.report', { parameters: `'{"x":"' || repeat('y', 3000000) || '"}'` })
    const { text } = await staff.get(`/jobs/task/${id}`)
    expect(text).toContain('No plugin brings a job of this class')
    expect(text.length).toBeLessThan(40_000)
    expect(text).toContain('in all)')
    // What the overview knows is up to a second old.
    await expect
      .poll(async () => (await staff.get('/jobs')).text, { timeout: 5000, interval: 300 })
      .toMatch(/gone\.report<\/a>\s*<span[^>]*>job is unknown/)
    await site.djet.query('delete from jobmachine.task where task_id = $1', [id])
  })

  it.each([{ status: '5' }, { status: 'null' }, { attempt: '2147483647' }, { attempt: '-1' }])(
    'is refused: %o',
    async (row) => {
      await expect(insert('elsewhere.report', row)).rejects.toThrow(/must be|violates/)
    },
  )

  it('has its title cut in the list', async () => {
    const id = await insert('elsewhere.report', { title: `repeat('long ', 100000)` })
    expect((await staff.get('/jobs')).text.length).toBeLessThan(100_000)
    await site.djet.query('delete from jobmachine.task where task_id = $1', [id])
  })

  it('never runs when it may not before infinity, and the page says so', async () => {
    const id = await insert('jobmachine.echo', { run_after: `'infinity'` })
    expect((await staff.get('/jobs')).text).toMatch(/class="nowrap">\s*never/)
    expect((await staff.get(`/jobs/task/${id}`)).text).toMatch(/Run after<\/dt><dd>\s*never/)
    await staff.post(`/jobs/task/${id}/cancel`, {})
    expect((await taskView(site.djet, id))!.status).toBe('failed')
  })

  it.each<[string, Record<string, string>]>([
    ['elsewhere.report', { status: '100' }],
    ['jobmachine.echo', { status: '100', worker_id: '4711' }],
    ['jobmachine.batch', {}],
    ['jobmachine.batch', { status: '100' }],
  ])('can be cancelled when no worker ever had it: %s %o', async (className, row) => {
    const id = await insert(className, row)
    const after = await send(site.djet, echo, {}, { after: [id] })
    await staff.post(`/jobs/task/${id}/cancel`, {})
    expect(await taskView(site.djet, id)).toMatchObject({
      status: 'failed',
      cancelled: true,
      attempts: [{ error: 'cancelled by anna' }],
    })
    expect(await taskView(site.djet, after.id)).toMatchObject({ status: 'failed' })
    const left = await site.djet.query('select from jobmachine.ready where tasks = array[$1::bigint]', [id])
    expect(left).toEqual([])
  })

  it('can be cancelled with many others, and its batch ends with it', async () => {
    const batch = await insert('jobmachine.batch', { status: '100' })
    const [one, other] = [
      await insert('gone.report', { status: '100', parent_id: String(batch) }),
      await insert('gone.report', { parent_id: String(batch) }),
    ]
    expect((await staff.post('/jobs/bulk', { do: 'cancel', task: String(one) })).status).toBe(303)
    expect(await taskView(site.djet, batch)).toMatchObject({ status: 'running', children: { failed: 1 } })
    await staff.post(`/jobs/task/${batch}/cancel`, {})
    expect(await taskView(site.djet, other)).toMatchObject({ status: 'failed', cancelled: true })
    expect(await taskView(site.djet, batch)).toMatchObject({ status: 'failed', children: { failed: 2 } })
  })

  it('runs again after the highest attempt, which it keeps', async () => {
    const id = await insert('jobmachine.echo', { attempt: '1000000', parameters: `'{"n":1}'` })
    for (let n = 0; n < 2; n++) {
      await staff.post(`/jobs/task/${id}/cancel`, {})
      expect(await taskView(site.djet, id)).toMatchObject({ status: 'failed', attempt: 1_000_000 })
      expect((await staff.post(`/jobs/task/${id}/retry`, {})).status).toBe(303)
      expect(await taskView(site.djet, id)).toMatchObject({ status: 'waiting' })
    }
    highest = id
  })

  it('does not hold up the others', async () => {
    for (const row of ROWS) await insert('jobmachine.echo', row)
    const hopeless = await insert('trial.hopeless', { attempt: '1000000', parameters: `'{}'` })
    await site.work()
    expect(await waitFor(site.djet, (await send(site.djet, echo, { on: 1 })).id)).toMatchObject({
      results: [{ on: 1 }],
    })
    expect(await waitFor(site.djet, hopeless)).toMatchObject({ status: 'failed' })
    expect(await waitFor(site.djet, highest)).toMatchObject({ results: [{ n: 1 }] })
    expect((await taskView(site.djet, highest))!.attempt).toBe(1_000_000)
    expect((await staff.get('/jobs')).status).toBe(200)
  })
})
