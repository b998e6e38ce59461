import type { Logger } from 'pino'
import { DjetError, messageOf } from '../error.ts'
import { explainDenied } from './connect-error.ts'
import type { Connection } from './connection.ts'
import type { Database } from './database.ts'
import { loadMigration, type MigrationFile, migrationFiles } from './migration-files.ts'

/** What has a schema of its own: core, or a plugin. */
export interface Feature {
  readonly name: string
  readonly version: string
  /** Folder of its migrations. */
  readonly migrations?: URL | undefined
}

/** One migration by name, `0001_core`. */
export interface MigrationName {
  readonly plugin: string
  readonly name: string
}

/** Any number will do, as long as all processes of Djet take the same. */
const lockKey = 4_711_303_942

/**
 * Brings the schema up to date: each migration that is not recorded runs in its own transaction, in the order of the
 * features, core first. Several processes may do it at once.
 *
 * The turn is taken by an advisory lock that lives as long as the transaction. A row that says "locked", as knex's
 * own migrator keeps, stays behind when its process is killed, and someone has to unlock by hand.
 *
 * @returns what was done
 * @throws MIGRATION_FAILED, MIGRATION_DUPLICATE, MIGRATION_NAME, DATABASE_DENIED
 */
export async function migrateUp(
  database: Database,
  features: readonly Feature[],
  log: Logger,
): Promise<MigrationName[]> {
  const files = await filesOf(features)
  await database.transaction(async (tx) => {
    await lock(tx, log)
    await makeTables(tx).catch(explainDenied)
  })
  await warnOfMissing(database, features, files, log)
  const done: MigrationName[] = []
  for (const feature of features) {
    for (const file of files.get(feature.name) ?? []) {
      if (await up(database, file, log)) done.push({ plugin: file.plugin, name: file.name })
    }
    await database.query(
      `insert into djet.feature (name, version) values ($1, $2)
       on conflict (name) do update set version = excluded.version where feature.version <> excluded.version`,
      [feature.name, feature.version],
    )
  }
  return done
}

/**
 * Undoes migrations, the latest first: those of one plugin, or the last ones of all.
 *
 * @param options `steps`: how many; absent: all of the plugin, or one when no plugin is named
 * @returns what was undone
 * @throws MIGRATION_FAILED; MIGRATION_MISSING when the file of a recorded migration is gone
 */
export async function migrateDown(
  database: Database,
  features: readonly Feature[],
  options: { plugin?: string | undefined; steps?: number | undefined },
  log?: Logger,
): Promise<MigrationName[]> {
  const files = await filesOf(features)
  const recorded = (await recordedMigrations(database)).filter(
    ({ plugin }) => options.plugin === undefined || plugin === options.plugin,
  )
  const order = new Map(features.map(({ name }, index) => [name, index]))
  recorded.sort(
    (a, b) => (order.get(b.plugin) ?? -1) - (order.get(a.plugin) ?? -1) || (a.name < b.name ? 1 : -1),
  )
  const steps = options.steps ?? (options.plugin === undefined ? 1 : recorded.length)
  const undone: MigrationName[] = []
  for (const { plugin, name } of recorded.slice(0, steps)) {
    const file = files.get(plugin)?.find((each) => each.name === name)
    if (file === undefined) {
      throw new DjetError(
        'MIGRATION_MISSING',
        `migration ${name} of '${plugin}' cannot be undone: its file is gone`,
      )
    }
    await down(database, file, log)
    undone.push({ plugin, name })
  }
  return undone
}

/** What `migrateUp` would run, in its order. */
export async function pendingMigrations(
  database: Database,
  features: readonly Feature[],
): Promise<MigrationName[]> {
  const files = await filesOf(features)
  const recorded = new Set((await recordedMigrations(database)).map(keyOf))
  return [...files.values()]
    .flat()
    .filter((file) => !recorded.has(keyOf(file)))
    .map(({ plugin, name }) => ({ plugin, name }))
}

async function up(database: Database, file: MigrationFile, log: Logger): Promise<boolean> {
  return await database.transaction(async (tx) => {
    await lock(tx, log)
    const params = [file.plugin, file.name]
    const known = await tx.query('select from djet.migration where plugin = $1 and name = $2', params)
    if (known.length > 0) return false
    const migration = await loadMigration(file)
    await attempt(file, 'up', () => migration.up(tx.knex))
    await tx.query('insert into djet.migration (plugin, name) values ($1, $2)', params)
    log.info(`migration ${file.name} of '${file.plugin}' done`)
    return true
  })
}

async function down(database: Database, file: MigrationFile, log: Logger | undefined): Promise<void> {
  await database.transaction(async (tx) => {
    await lock(tx, log)
    const migration = await loadMigration(file)
    await attempt(file, 'down', () => migration.down(tx.knex))
    log?.info(`migration ${file.name} of '${file.plugin}' undone`)
    // Core's first one may take the whole schema along.
    if (!(await hasTables(tx))) return
    await tx.query('delete from djet.migration where plugin = $1 and name = $2', [file.plugin, file.name])
    await tx.query(
      'delete from djet.feature where name = $1 and not exists (select from djet.migration where plugin = $1)',
      [file.plugin],
    )
    // Nodes went with core's tables, so that whoever made some has to make them again.
    await tx.query(
      `update djet.feature set seeded = null
       where seeded is not null and $1 = 'core' and not exists (select from djet.migration where plugin = 'core')`,
      [file.plugin],
    )
  })
}

async function attempt(file: MigrationFile, way: string, run: () => Promise<void>): Promise<void> {
  try {
    await run()
  } catch (cause) {
    throw new DjetError(
      'MIGRATION_FAILED',
      `migration ${file.file} (${way}) of '${file.plugin}' failed and was rolled back: ${reasonOf(cause)}`,
      { cause },
    )
  }
}

async function lock(tx: Connection, log: Logger | undefined): Promise<void> {
  const [row] = await tx.query<{ taken: boolean }>('select pg_try_advisory_xact_lock($1) as taken', [lockKey])
  if (row?.taken) return
  log?.info('another process is migrating, waiting for it')
  await tx.query('select pg_advisory_xact_lock($1)', [lockKey])
}

async function makeTables(tx: Connection): Promise<void> {
  await tx.query(`
    create schema if not exists djet;
    create table if not exists djet.migration (
      plugin text not null,
      name text not null,
      applied timestamptz not null default clock_timestamp(),
      primary key (plugin, name)
    );
    create table if not exists djet.feature (
      name text primary key,
      version text not null,
      seeded timestamptz
    )`)
}

async function hasTables(connection: Connection): Promise<boolean> {
  const [row] = await connection.query<{ there: boolean }>(
    `select to_regclass('djet.migration') is not null as there`,
  )
  return row?.there ?? false
}

async function recordedMigrations(connection: Connection): Promise<MigrationName[]> {
  if (!(await hasTables(connection))) return []
  return await connection.query<MigrationName>(
    'select plugin, name from djet.migration order by plugin, name',
  )
}

async function warnOfMissing(
  connection: Connection,
  features: readonly Feature[],
  files: ReadonlyMap<string, readonly MigrationFile[]>,
  log: Logger,
): Promise<void> {
  const there = new Set([...files.values()].flat().map(keyOf))
  const loaded = new Set(features.map(({ name }) => name))
  for (const migration of await recordedMigrations(connection)) {
    // A plugin that is switched off keeps its tables and its records.
    if (!loaded.has(migration.plugin) || there.has(keyOf(migration))) continue
    log.warn(
      `migration ${migration.name} of '${migration.plugin}' was run here, but its file is gone: ` +
        'was this database used by a newer version?',
    )
  }
}

async function filesOf(features: readonly Feature[]): Promise<Map<string, MigrationFile[]>> {
  const entries = features.map(async ({ name, migrations }) => {
    const files = migrations === undefined ? [] : await migrationFiles(name, migrations)
    return [name, files] as const
  })
  return new Map(await Promise.all(entries))
}

function keyOf({ plugin, name }: MigrationName): string {
  return `${plugin}/${name}`
}

/** What PostgreSQL said; knex puts the whole statement before it. */
function reasonOf(cause: unknown): string {
  const message = messageOf(cause)
  const at = message.lastIndexOf(' - ')
  return message.includes('\n') && at >= 0 ? message.slice(at + 3) : message
}
