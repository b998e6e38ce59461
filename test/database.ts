import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { inject } from 'vitest'

/** A database of a test's own. */
export interface TestDatabase {
  readonly url: string
  /** Removes it, whoever is still connected. Safe to call twice. */
  drop(): Promise<void>
}

/**
 * Makes an empty database, or a copy of a template of `ensureTemplate`.
 *
 * @example
 * const { url, drop } = await createTestDatabase()
 * afterAll(drop)
 */
export async function createTestDatabase(options: { template?: string } = {}): Promise<TestDatabase> {
  const name = `${inject('databasePrefix')}${randomBytes(6).toString('hex')}`
  const template = options.template ?? 'template0'
  await onServer((client) =>
    // A copy locks the template against connections, not against other copies; but autovacuum may be in it.
    retried(() => client.query(`create database ${quoted(name)} template ${quoted(template)}`)),
  )
  return {
    url: urlOf(name),
    drop: () =>
      onServer(
        async (client) => void (await client.query(`drop database if exists ${quoted(name)} with (force)`)),
      ),
  }
}

/**
 * Makes a template once a run, also when several test files ask for it at once; gives its name.
 *
 * @param fill brings an empty database to the state that the copies begin with; it must close what it opened
 * @example
 * const template = await ensureTemplate('migrated', (url) => migrate(url))
 * const { url, drop } = await createTestDatabase({ template })
 */
export async function ensureTemplate(key: string, fill: (url: string) => Promise<void>): Promise<string> {
  const name = `${inject('databasePrefix')}${key}`
  await onServer(async (client) => {
    // Held by this session; gone with it when the process is killed.
    await client.query('select pg_advisory_lock(hashtext($1))', [name])
    const { rowCount } = await client.query('select from pg_database where datname = $1', [name])
    if (rowCount === 1) return
    const unfinished = `${name}_unfinished`
    await client.query(`drop database if exists ${quoted(unfinished)} with (force)`)
    await client.query(`create database ${quoted(unfinished)} template template0`)
    await fill(urlOf(unfinished))
    await retried(() => client.query(`alter database ${quoted(unfinished)} rename to ${quoted(name)}`))
  })
  return name
}

/** Removes all databases of a run; for a server that goes on after it. */
export async function removeTestDatabases(serverUrl: string, prefix: string): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl })
  await client.connect()
  try {
    const { rows } = await client.query<{ datname: string }>(
      'select datname from pg_database where starts_with(datname, $1)',
      [prefix],
    )
    for (const { datname } of rows)
      await client.query(`drop database if exists ${quoted(datname)} with (force)`)
  } finally {
    await client.end()
  }
}

async function onServer<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: inject('databaseUrl'), application_name: 'test' })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** Repeats for a few seconds while someone who is leaving is still in the database. */
async function retried<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof pg.DatabaseError) || error.code !== '55006' || tries >= 50) throw error
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}

function urlOf(name: string): string {
  const url = new URL(inject('databaseUrl'))
  url.pathname = `/${name}`
  return url.href
}

function quoted(name: string): string {
  return pg.escapeIdentifier(name)
}
