import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { waitFor } from '../index.ts'
import { createJobsSite, type JobsSite } from './jobs-site.ts'

/** Knows only what Job::Machine's own client knows. */
describe('a client of Job::Machine', () => {
  let site: JobsSite
  let client: pg.Client

  beforeAll(async () => {
    site = await createJobsSite()
    await site.work()
    client = new pg.Client(site.databaseUrl)
    await client.connect()
  })
  afterAll(async () => {
    await client.end()
    await site.close()
  })

  async function classId(name: string): Promise<number> {
    const found = await client.query('select class_id from jobmachine.class where name = $1', [name])
    if (found.rows[0]) return found.rows[0].class_id
    const made = await client.query('insert into jobmachine.class (name) values ($1) returning class_id', [
      name,
    ])
    return made.rows[0].class_id
  }

  async function insert(name: string, parameters: string): Promise<string> {
    const { rows } = await client.query(
      'insert into jobmachine.task (class_id, parameters, status) values ($1, $2, 0) returning task_id',
      [await classId(name), parameters],
    )
    return rows[0].task_id
  }

  it('sends a task, is notified and reads the reply', async () => {
    const id = await insert('jobmachine.echo', '{"a":1}')
    const replied = new Promise<string>((resolve) => {
      client.on('notification', ({ channel }) => channel === `jmr:${id}` && resolve(channel))
    })
    await client.query(`listen "jmr:${id}"`)
    await client.query("select pg_notify('jm:jobmachine.echo', $1)", [id])
    const { rows: early } = await client.query('select status from jobmachine.task where task_id = $1', [id])
    if (early[0].status !== 200) await replied
    const { rows } = await client.query(
      `select t.status, r.result from jobmachine.task t join jobmachine.result r using (task_id)
       where task_id = $1 order by r.result_id desc limit 1`,
      [id],
    )
    expect(rows[0].status).toBe(200)
    expect(JSON.parse(rows[0].result)).toEqual({ data: { a: 1 } })
  })

  it('may leave the time to run empty', async () => {
    const { rows } = await client.query(
      `insert into jobmachine.task (class_id, parameters, status, run_after)
       values ($1, '{"now":1}', 0, null) returning task_id`,
      [await classId('jobmachine.echo')],
    )
    const outcome = await waitFor(site.djet, Number(rows[0].task_id))
    expect(outcome).toMatchObject({ status: 'finished', results: [{ now: 1 }] })
  })

  it('need not notify anybody', async () => {
    const id = await insert('jobmachine.echo', '{"quiet":true}')
    const outcome = await waitFor(site.djet, Number(id))
    expect(outcome).toMatchObject({ status: 'finished', results: [{ quiet: true }] })
  })

  it('is told when its parameters are no JSON', async () => {
    const id = await insert('jobmachine.echo', 'a=1')
    const outcome = await waitFor(site.djet, Number(id))
    expect(outcome.status).toBe('failed')
    expect(outcome.error).toBe("parameters of 'jobmachine.echo' are no JSON: a=1")
  })

  it('may make a class nobody runs: its task waits', async () => {
    const id = await insert('elsewhere.report', '{}')
    await waitFor(site.djet, Number(await insert('jobmachine.echo', '{}')))
    const { rows } = await client.query('select status from jobmachine.task where task_id = $1', [id])
    expect(rows[0].status).toBe(0)
  })

  it('cannot insert a task of a class that does not exist', async () => {
    const bad = client.query(
      "insert into jobmachine.task (class_id, parameters, status) values (4711, '{}', 0)",
    )
    await expect(bad).rejects.toThrow('a task needs a class_id of jobmachine.class')
  })
})
