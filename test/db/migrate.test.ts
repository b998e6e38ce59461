import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Database } from '../../core/db/database.ts'
import { type Feature, migrateDown, migrateUp, pendingMigrations } from '../../core/db/migrate.ts'
import { createTestDatabase, type TestDatabase } from '../database.ts'
import { keptLog } from './log.ts'

const { log, messages } = keptLog()
let place: TestDatabase
let database: Database
let dir: string

beforeEach(async () => {
  place = await createTestDatabase()
  database = await Database.open({ url: place.url, log })
  dir = await mkdtemp(join(tmpdir(), 'djet-migrate-'))
  messages.length = 0
})
afterEach(async () => {
  await database?.close()
  await place?.drop()
  await rm(dir, { recursive: true, force: true })
})

/** A feature whose migrations run the given SQL, up and down. */
async function feature(name: string, files: Record<string, [up: string, down: string]>): Promise<Feature> {
  const folder = join(dir, name)
  await mkdir(folder, { recursive: true })
  for (const [file, [up, down]] of Object.entries(files)) {
    const code = `export const up = (knex) => knex.raw(${JSON.stringify(up)})
export const down = (knex) => knex.raw(${JSON.stringify(down)})`
    await writeFile(join(folder, file), code)
  }
  return { name, version: '1.0.0', migrations: pathToFileURL(`${folder}/`) }
}

const core = () =>
  feature('core', {
    '0001_base.mjs': ['create table base (id int primary key)', 'drop table base'],
    '0002_more.mjs': ['alter table base add column more text', 'alter table base drop column more'],
  })
const shop = () =>
  feature('shop', { '0001_shop.mjs': ['create table shop (base int references base)', 'drop table shop'] })

const recorded = async () =>
  (
    await database.query<{ plugin: string; name: string }>('select * from djet.migration order by applied')
  ).map(({ plugin, name }) => `${plugin}/${name}`)

it('migrations run once, in the order of features and files', async () => {
  const features = [await core(), await shop()]
  expect(await pendingMigrations(database, features)).toHaveLength(3)
  await migrateUp(database, features, log)
  expect(await migrateUp(database, features, log)).toEqual([])
  expect(await recorded()).toEqual(['core/0001_base', 'core/0002_more', 'shop/0001_shop'])
  expect(await pendingMigrations(database, features)).toEqual([])
  expect(await database.query('select * from djet.feature order by name')).toEqual([
    { name: 'core', version: '1.0.0', seeded: null },
    { name: 'shop', version: '1.0.0', seeded: null },
  ])
})

it('processes that migrate at once run each migration once', async () => {
  const features = [await core(), await shop()]
  const done = await Promise.all([1, 2, 3].map(() => migrateUp(database, features, log)))
  expect(done.flat()).toHaveLength(3)
})

it('a migration that fails leaves nothing behind and names plugin, file and cause', async () => {
  const broken = await feature('broken', {
    '0001_broken.mjs': ['create table half (id int); select 1/0', ''],
  })
  await expect(migrateUp(database, [await core(), broken], log)).rejects.toMatchObject({
    code: 'MIGRATION_FAILED',
    message: expect.stringMatching(/0001_broken\.mjs \(up\) of 'broken'.*division by zero/),
  })
  expect(await database.query(`select to_regclass('half') as half`)).toEqual([{ half: null }])
  expect(await recorded()).toEqual(['core/0001_base', 'core/0002_more'])
})

it('going down undoes the latest first, as many as asked', async () => {
  const features = [await core(), await shop()]
  await migrateUp(database, features, log)
  const undone = await migrateDown(database, features, { steps: 2 }, log)
  expect(undone.map(({ name }) => name)).toEqual(['0001_shop', '0002_more'])
  expect(await recorded()).toEqual(['core/0001_base'])
})

it('going down by plugin undoes all of it, and its feature is new again', async () => {
  const features = [await core(), await shop()]
  await migrateUp(database, features, log)
  await migrateDown(database, features, { plugin: 'shop' }, log)
  expect(await database.query('select name from djet.feature')).toEqual([{ name: 'core' }])
  expect(await pendingMigrations(database, features)).toEqual([{ plugin: 'shop', name: '0001_shop' }])
})

it('going down to nothing makes all seeds due again', async () => {
  const features = [await core(), await shop()]
  await migrateUp(database, features, log)
  await database.query(`insert into djet.feature (name, version) values ('site', '')`)
  await database.query('update djet.feature set seeded = now()')
  const seeded = async () =>
    (
      await database.query<{ name: string }>(
        'select name from djet.feature where seeded is not null order by 1',
      )
    ).map(({ name }) => name)
  await migrateDown(database, features, { steps: 2 }, log)
  expect(await seeded()).toEqual(['core', 'site'])
  await migrateDown(database, features, { steps: 1 }, log)
  expect(await seeded()).toEqual([])
})

it('two migrations of one number are refused, and one whose name has the wrong form', async () => {
  const twice = await feature('twice', { '0001_a.mjs': ['', ''], '0001_b.mjs': ['', ''] })
  await expect(migrateUp(database, [twice], log)).rejects.toMatchObject({
    code: 'MIGRATION_DUPLICATE',
    message: expect.stringMatching(/0001_a\.mjs and 0001_b\.mjs/),
  })
  const misnamed = await feature('misnamed', { '1_Loan.mjs': ['', ''] })
  await expect(migrateUp(database, [misnamed], log)).rejects.toMatchObject({ code: 'MIGRATION_NAME' })
})

it('a recorded migration whose file is gone is warned of', async () => {
  await migrateUp(database, [await core()], log)
  await rm(join(dir, 'core', '0002_more.mjs'))
  await migrateUp(database, [await core().then((feature) => ({ ...feature, migrations: undefined }))], log)
  expect(messages).toContainEqual(
    expect.stringMatching(/0001_base of 'core' was run here, but its file is gone/),
  )
})

it('a file without up and down is no migration', async () => {
  await mkdir(join(dir, 'odd'))
  await writeFile(join(dir, 'odd', '0001_odd.mjs'), 'export const up = async () => {}')
  const odd = { name: 'odd', version: '1', migrations: pathToFileURL(`${join(dir, 'odd')}/`) }
  await expect(migrateUp(database, [odd], log)).rejects.toThrow(
    "0001_odd.mjs of 'odd' cannot be loaded: it must export",
  )
})
