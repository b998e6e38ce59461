import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Connection } from '../../core/db/connection.ts'
import { Database } from '../../core/db/database.ts'
import { createTestDatabase, type TestDatabase } from '../database.ts'
import { keptLog } from './log.ts'

const { log, messages } = keptLog()
let place: TestDatabase
let database: Database

beforeAll(async () => {
  place = await createTestDatabase()
  database = await Database.open({ url: place.url, poolSize: 3, log })
})
afterAll(async () => {
  await database?.close()
  await place?.drop()
})
beforeEach(async () => {
  await database.query('drop table if exists item; create table item (id int primary key, n int)')
})

const ids = async () => (await database.knex('item').orderBy('id').pluck('id')) as number[]

describe('values', () => {
  it('are read as number, exact decimal, day and moment', async () => {
    const [row] = await database.query(`select 12::int8 as big, 1.50::numeric(9,2) as money,
      date '2024-02-29' as day, timestamptz '2024-02-29 12:00Z' as moment, '{"a":1}'::jsonb as data,
      array[1,null]::int8[] as bigs, array[1.50] as moneys, array[date '2024-02-29'] as days`)
    expect(row).toEqual({
      big: 12,
      money: '1.50',
      day: '2024-02-29',
      moment: new Date('2024-02-29T12:00:00Z'),
      data: { a: 1 },
      bigs: [1, null],
      moneys: ['1.50'],
      days: ['2024-02-29'],
    })
  })

  it('are read the same through knex', async () => {
    const { rows } = await database.knex.raw(`select 12::int8 as big, date '2024-02-29' as day`)
    expect(rows).toEqual([{ big: 12, day: '2024-02-29' }])
  })
})

describe('a transaction', () => {
  it('is seen by others once it is committed', async () => {
    await database.transaction(async (tx) => {
      await tx.knex('item').insert({ id: 1 })
      expect(await tx.query('select id from item')).toEqual([{ id: 1 }])
      expect(await ids()).toEqual([])
    })
    expect(await ids()).toEqual([1])
  })

  it('is rolled back when its work throws, with that error', async () => {
    const work = database.transaction(async (tx) => {
      await tx.knex('item').insert({ id: 1 })
      throw new Error('no')
    })
    await expect(work).rejects.toThrow('no')
    expect(await ids()).toEqual([])
  })

  it('inside another is a savepoint', async () => {
    await database.transaction(async (tx) => {
      await tx.query('insert into item values (1)')
      const inner = tx.transaction(async (inner) => {
        await inner.query('insert into item values (2)')
        await inner.query('insert into item values (2)')
      })
      await expect(inner).rejects.toThrow('duplicate key')
      await tx.knex.transaction(async (trx) => await trx('item').insert({ id: 3 }))
    })
    expect(await ids()).toEqual([1, 3])
  })

  it('runs savepoints begun at once one after the other', async () => {
    await database.transaction(async (tx) => {
      const add = (id: number) =>
        tx.transaction(async (inner) => {
          await inner.query('insert into item values ($1)', [id])
          if (id === 2) throw new Error('not this one')
        })
      const results = await Promise.allSettled([1, 2, 3].map(add))
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    })
    expect(await ids()).toEqual([1, 3])
  })

  it('begun on the outer one by the work of an inner one does not wait for ever', async () => {
    await database.transaction((outer) =>
      outer.transaction(() => outer.transaction((tx) => tx.query('insert into item values (1)'))),
    )
    expect(await ids()).toEqual([1])
  })

  it('tells when a failed statement was swallowed, instead of losing the rest in silence', async () => {
    const work = database.transaction(async (tx) => {
      await tx.query('insert into item values (1)')
      await tx.query('insert into item values (1)').catch(() => {})
    })
    await expect(work).rejects.toMatchObject({ code: 'TRANSACTION_ABORTED' })
  })

  it('refuses queries after its end', async () => {
    let kept: Connection | undefined
    await database.transaction(async (tx) => {
      kept = tx
    })
    await expect(kept?.query('select 1')).rejects.toMatchObject({ code: 'TRANSACTION_OVER' })
    await expect(kept?.knex('item')).rejects.toMatchObject({ code: 'TRANSACTION_OVER' })
  })

  it('gives a broken connection up and tells the first error', async () => {
    const work = database.transaction((tx) => tx.query('select pg_terminate_backend(pg_backend_pid())'))
    await expect(work).rejects.toThrow('terminating connection')
    const again = Array.from({ length: 6 }, () => database.query('select 1'))
    await expect(Promise.all(again)).resolves.toHaveLength(6)
  })
})

describe('a lost connection', () => {
  const leave = 'select pg_terminate_backend(pg_backend_pid())'

  it('is not handed on, by query or knex', async () => {
    await expect(database.query(leave)).rejects.toMatchObject({
      code: 'DATABASE_UNREACHABLE',
      status: 503,
      message: expect.stringContaining('terminating connection'),
    })
    expect(await database.query('select 1 as one')).toEqual([{ one: 1 }])
    await expect(database.knex.raw(leave)).rejects.toThrow('terminating connection')
    expect((await database.knex.raw('select 1 as one')).rows).toEqual([{ one: 1 }])
  })

  it('is logged when it was idle', async () => {
    messages.length = 0
    await Promise.all([database.query('select pg_sleep(0.05)'), database.query('select pg_sleep(0.05)')])
    await database.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    )
    await expect
      .poll(() => messages)
      .toContainEqual(expect.stringContaining('a database connection was lost'))
  })
})

it('a prepared statement survives a migration of its table', async () => {
  const statement = { name: 'items', text: 'select * from item where id = $1' }
  await database.query('insert into item values (1)')
  await database.query(statement, [1])
  await database.query('alter table item add column note text')
  expect(await database.query(statement, [1])).toEqual([{ id: 1, n: null, note: null }])
})

it('knex and query share one pool', async () => {
  const all = Array.from({ length: 9 }, (_, i) =>
    i % 2 ? database.query('select pg_sleep(0.01)') : database.knex.raw('select pg_sleep(0.01)'),
  )
  await Promise.all(all)
  expect(database.pool.totalCount).toBeLessThanOrEqual(3)
})

it('a server without a free connection is waited for, by who has none and by who has no other', async () => {
  const role = `r${randomBytes(6).toString('hex')}`
  await database.query(`create role ${role} login password 'x' connection limit 1`)
  const url = new URL(place.url)
  url.username = role
  url.password = 'x'
  const notices: string[] = []
  const options = { url: url.href, log, notices: { notice: (reason: string) => void notices.push(reason) } }
  const first = await Database.open(options)
  const second = Database.open(options)
  // The pool may have more, the server gives one: the statements take turns.
  const slow = Array.from({ length: 3 }, () => first.query('select pg_sleep(0.1)'))
  await Promise.all([...slow, first.knex.raw('select 1')])
  await expect.poll(() => notices.length, { timeout: 5000 }).toBeGreaterThan(3)
  await first.close()
  await (await second).close()
  expect(new Set(notices)).toEqual(new Set([`too many connections for role "${role}"`]))
  await database.query(`drop role ${role}`)
})

describe('opening', () => {
  const refusal = (url: string) =>
    Database.open({ url, log }).then(
      () => undefined,
      (error: unknown) => error,
    )

  it('says in one line what is wrong, without the password', async () => {
    const wrong = new URL(place.url)
    wrong.password = 'secret'
    wrong.username = 'nobody'
    const error = await refusal(wrong.href)
    expect(error).toMatchObject({ code: 'DATABASE_UNREACHABLE' })
    expect(String(error)).toMatch(/authentication failed.*Correct user and password in DATABASE_URL/)
    expect(String(error)).not.toContain('secret')
    expect(String(error)).not.toContain('\n')
  })

  it('names a database that is not there and a port where nobody listens', async () => {
    expect(String(await refusal(`${place.url}x`))).toMatch(/database ".*x" does not exist/)
    expect(String(await refusal('postgres://a@127.0.0.1:1/b'))).toContain(
      '127.0.0.1:1/b: connect ECONNREFUSED',
    )
  })

  it('refuses what is no URL of PostgreSQL', async () => {
    expect(await refusal('localhost')).toMatchObject({ code: 'DATABASE_URL_INVALID' })
  })
})

it('closing twice is safe, and queries after it are refused', async () => {
  const other = await Database.open({ url: place.url, log })
  await Promise.all([other.close(), other.close()])
  await expect(other.query('select 1')).rejects.toMatchObject({ code: 'DATABASE_CLOSED' })
})
