import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { Database } from '../../core/db/database.ts'
import { ListenHub } from '../../core/db/listen.ts'
import { createTestDatabase, type TestDatabase } from '../database.ts'
import { keptLog } from './log.ts'

const { log, messages } = keptLog()
let place: TestDatabase
let database: Database
let hub: ListenHub

beforeAll(async () => {
  place = await createTestDatabase()
  database = await Database.open({ url: place.url, poolSize: 2, log })
})
afterAll(async () => {
  await database?.close()
  await place?.drop()
})
beforeEach(() => {
  messages.length = 0
  hub = new ListenHub(place.url, log, { applicationName: 'test-hub' })
})
afterEach(() => hub.stop())

const notify = (channel: string, payload: string) =>
  database.query('select pg_notify($1, $2)', [channel, payload])
const cut = () =>
  database.query(`select pg_terminate_backend(pid) from pg_stat_activity
    where application_name = 'test-hub' and datname = current_database()`)

it('a notification reaches every listener of its channel and no other', async () => {
  const heard: string[] = []
  await Promise.all([
    hub.listen('one', (payload) => heard.push(`a ${payload}`)),
    hub.listen('one', (payload) => heard.push(`b ${payload}`)),
    hub.listen('two', (payload) => heard.push(`c ${payload}`)),
  ])
  await notify('one', 'hello')
  await expect.poll(() => heard).toEqual(['a hello', 'b hello'])
})

it('a channel may hold any character', async () => {
  const listener = vi.fn()
  const name = `a:b.c"d'e Ü`
  await hub.listen(name, listener)
  await notify(name, 'x')
  await expect.poll(() => listener.mock.calls).toEqual([['x']])
})

it('a name that PostgreSQL would cut off is refused', async () => {
  await expect(hub.listen('x'.repeat(64), () => {})).rejects.toMatchObject({ code: 'LISTEN_CHANNEL' })
})

it('an ended listener hears nothing more', async () => {
  const [ended, other] = [vi.fn(), vi.fn()]
  const end = await hub.listen('one', ended)
  await hub.listen('two', other)
  end()
  await notify('one', 'x')
  await notify('two', 'x')
  await expect.poll(() => other.mock.calls.length).toBe(1)
  expect(ended).not.toHaveBeenCalled()
})

it('a lost connection is told at once and again when all channels are heard again', async () => {
  const states: boolean[] = []
  const heard: string[] = []
  hub.onGap(() => states.push(hub.connected))
  await hub.listen('one', (payload) => heard.push(payload))
  await hub.listen('two', (payload) => heard.push(payload))
  await cut()
  await expect.poll(() => states, { timeout: 5_000 }).toEqual([false, true])
  await notify('one', 'again')
  await notify('two', 'and here')
  await expect.poll(() => heard).toEqual(['again', 'and here'])
  expect(messages).toHaveLength(2)
})

it('a channel asked for while the connection is lost is heard when it is back', async () => {
  const heard: string[] = []
  await hub.listen('one', () => {})
  const lost = new Promise<void>((resolve) => hub.onGap(resolve))
  await cut()
  await lost
  await hub.listen('late', (payload) => heard.push(payload))
  await expect.poll(() => hub.connected, { timeout: 5_000 }).toBe(true)
  await expect.poll(async () => (await notify('late', 'x')) && heard.length).toBeGreaterThan(0)
})

it('a listener that throws is logged and stops no other', async () => {
  const other = vi.fn()
  await hub.listen('one', () => {
    throw new Error('oh')
  })
  await hub.listen('one', other)
  await notify('one', 'x')
  await expect.poll(() => other.mock.calls.length).toBe(1)
  expect(messages).toContain('notifications: a listener failed')
})

it('an unreachable server is told to who listens first', async () => {
  const other = new ListenHub('postgres://a@127.0.0.1:1/b', log)
  await expect(other.listen('one', () => {})).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' })
  await other.stop()
})

it('stopping twice is safe', async () => {
  await hub.listen('one', () => {})
  await Promise.all([hub.stop(), hub.stop()])
  expect(hub.connected).toBe(false)
})
