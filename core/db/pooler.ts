import pg from 'pg'
import { DjetError } from '../error.ts'
import { checkUrl, placeOf, unreachable } from './connect-error.ts'

/** Tries until it counts as shown that no two clients share a connection to the server. */
const TRIES = 4

/**
 * Whether a pooler such as PgBouncer stands between: it gives out process numbers of its own, not the server's.
 *
 * @param backend what `pg_backend_pid()` said on this connection
 */
export function isPooled(client: pg.ClientBase, backend: number): boolean {
  return (client as unknown as { processID: number | null }).processID !== backend
}

/**
 * Looks whether a URL gives connections of one's own, on which LISTEN and the locks of a session hold, to the same
 * database as another URL.
 *
 * @throws DATABASE_POOLED when a pooler in transaction mode stands between; DATABASE_DIRECT_OTHER, DATABASE_UNREACHABLE
 */
export async function checkDirect(url: string, serverStart: string): Promise<void> {
  checkUrl(url)
  const [one, other] = [connection(url), connection(url)]
  try {
    await Promise.all([one.connect(), other.connect()])
    const { rows } = await one.query<{ start: string; backend: number }>(
      `select ${SERVER_START} as start, pg_backend_pid() as backend`,
    )
    if (rows[0]!.start !== serverStart) {
      throw new DjetError(
        'DATABASE_DIRECT_OTHER',
        `databaseDirect (DATABASE_DIRECT_URL) names ${placeOf(url)}, which is another database than database (DATABASE_URL).`,
      )
    }
    if (!isPooled(one, rows[0]!.backend)) return
    // A pooler in transaction mode gives the connection that has just become free to whoever asks next.
    for (let tries = 0; tries < TRIES; tries++) {
      if ((await backendOf(one)) === (await backendOf(other))) throw pooled(url)
    }
  } catch (error) {
    throw error instanceof DjetError ? error : unreachable(url, error)
  } finally {
    for (const client of [one, other]) client.end().catch(() => {})
  }
}

/** SQL for what tells one database from another: its name, and when its server was started. */
export const SERVER_START = `current_database() || ' ' || pg_postmaster_start_time()::timestamptz(3)`

function connection(url: string): pg.Client {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'djet-probe',
    connectionTimeoutMillis: 15_000,
  })
  client.on('error', () => {})
  return client
}

async function backendOf(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ backend: number }>('select pg_backend_pid() as backend')
  return rows[0]!.backend
}

function pooled(url: string): DjetError {
  return new DjetError(
    'DATABASE_POOLED',
    `${placeOf(url)} is a pooler in transaction mode (PgBouncer?): notifications and locks of a session do not hold ` +
      "through it. Let option 'databaseDirect' (DATABASE_DIRECT_URL) name PostgreSQL itself beside it.",
  )
}
