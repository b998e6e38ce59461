import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  runSchedule,
  scheduleByName,
  scheduleView,
  sendByName,
  taskView,
  waitFor,
} from '../../plugins/jobmachine/index.ts'
import { createTestDatabase } from '../database.ts'
import { createTestSite, type TestSite } from '../site.ts'
import { checkTypes } from './check-types.ts'
import { type ExampleSite, filesShownIn, makeExampleSite } from './example-site.ts'
import { runTests } from './run-tests.ts'

interface Letters {
  announce(djet: unknown, params: { title: string; names: string[] }): Promise<{ task: { id: number } }>
  announceToEach(djet: unknown, names: string[]): Promise<{ id: number }>
  sendLater(djet: unknown, names: string[]): Promise<{ id: number }[]>
  writeLetters(djet: unknown, params: { names: string[]; greeting: string }): Promise<unknown>
}

describe('the letters of the job guide', { timeout: 60_000 }, () => {
  let example: ExampleSite
  let site: TestSite
  let letters: Letters

  beforeAll(async () => {
    example = await makeExampleSite('docs/jobs.md')
    site = await createTestSite({ dir: example.dir })
    letters = await import(`${example.dir}/plugins/letters.ts`)
    await site.visitor()
  })
  afterAll(async () => {
    await site?.close()
    await example?.remove()
  })

  const waiting = { timeout: '50s' } as const

  test('have the right types', { timeout: 90_000 }, async () => {
    const tsconfig = (await filesShownIn('docs/configuration.md')).get('tsconfig.json')
    expect(await checkTypes(example.dir, tsconfig)).toBe('')
  })

  test('pass the test that the guide shows', { timeout: 120_000 }, async () => {
    const { url, drop } = await createTestDatabase()
    const { passed, said } = await runTests(example.dir, { TEST_DATABASE_URL: url })
    expect(passed, said).toBe(true)
    expect(said).toContain('1 passed')
    await drop()
  })

  test('are written in a worker thread as in the request, with a file, progress and log', async () => {
    const params = { names: ['Ann', 'Bob'], greeting: 'Dear' }
    const inline = await letters.writeLetters(site.djet, params)
    const { id } = await sendByName(site.djet, 'letters.write', '{"names":["Ann","Bob"]}')
    const outcome = await waitFor(site.djet, id, waiting)
    expect(outcome.results).toEqual([{ name: 'letters.txt', type: 'text/plain', size: 17 }, inline])
    expect(await taskView(site.djet, id)).toMatchObject({
      title: 'Letters to 2 people',
      priority: 10,
      progress: { done: 2, total: 2, note: 'Bob' },
      log: [{ message: '2 letters written' }],
    })
  })

  test('are sent with the transaction or not at all', async () => {
    const many = Array.from({ length: 1001 }, (_, n) => `Name ${n}`)
    await expect(letters.announce(site.djet, { title: 'Too many', names: many })).rejects.toThrow('thousand')
    expect(await site.djet.nodes.get('/too-many')).toBeNull()
    const { task } = await letters.announce(site.djet, { title: 'Spring', names: ['Ann'] })
    expect((await waitFor(site.djet, task.id, waiting)).status).toBe('finished')
    const [row] = await site.djet.query('select count(*) as n from jobmachine.task where title like $1', [
      '%1001%',
    ])
    expect(row).toEqual({ n: 0 })
  })

  test('fail at once when the function says that trying again is of no use', async () => {
    const { id } = await sendByName(site.djet, 'letters.write', '{"names":["Nobody"]}')
    expect(await waitFor(site.djet, id, waiting)).toMatchObject({
      status: 'failed',
      error: 'Nobody gets no letter',
    })
    expect((await taskView(site.djet, id))?.attempt).toBe(1)
  })

  test('are refused with their fields when the parameters do not fit', async () => {
    await expect(sendByName(site.djet, 'letters.write', '{"names":[]}')).rejects.toMatchObject({
      code: 'JOB_PARAMS_INVALID',
      status: 422,
      fields: { names: expect.any(String) },
    })
  })

  test('go out in a batch that ends with its counts', async () => {
    const { id } = await letters.announceToEach(site.djet, ['Ann', 'Bob', 'Nobody'])
    expect(await waitFor(site.djet, id, waiting)).toMatchObject({
      status: 'failed',
      error: '1 of 3 tasks failed',
      results: [{ tasks: 3, finished: 2, failed: 1 }],
    })
  })

  test('wait for their time', async () => {
    const tasks = await letters.sendLater(site.djet, ['Ann', 'Bob'])
    expect(await taskView(site.djet, tasks[0]?.id ?? 0)).toMatchObject({ status: 'waiting', priority: 50 })
  })

  test('have a schedule', async () => {
    const id = await scheduleByName(site.djet, 'letters.daily')
    expect(await scheduleView(site.djet, id)).toMatchObject({
      words: 'At 06:30, Monday through Friday',
      times: Array.from({ length: 5 }, () => ({ there: expect.stringMatching(/ 06:30:00 \+0[12]:00$/) })),
    })
    const task = await runSchedule(site.djet, id)
    expect((await waitFor(site.djet, task.id, waiting)).status).toBe('finished')
  })

  test('can be sent by plain SQL, which hears and reads the reply', async () => {
    const sql = (await filesShownIn('docs/jobs.md')).get('send.sql') ?? ''
    const [row] = await site.djet.query<{ task_id: number }>(sql)
    const id = row?.task_id ?? 0
    const replied = new Promise<string>((heard) => void site.app.listen.listen(`jmr:${id}`, heard))
    await waitFor(site.djet, id, waiting)
    expect(await Promise.race([replied, 'it was over before'])).toMatch(
      new RegExp(`^(${id}|it was over before)$`),
    )
    const results = await site.djet.query<{ result: string }>(
      "select result from jobmachine.result where task_id = $1 and resulttype = 'application/json'",
      [id],
    )
    expect(results.map(({ result }) => JSON.parse(result))).toEqual([{ data: { letters: 2 } }])
  })
})
