import pg from 'pg'

/** Tasks of one statement. */
const CHUNK = 100_000

/** What fills the table of tasks, by SQL as any client may write it, and as it would be after a while. */
export interface Fill {
  readonly title: string
  /** Rows when nothing is scaled down. */
  readonly rows: number
  /** Columns of a task beside its class, from `n`. */
  readonly sql: string
}

const insert = (className: string, columns: string, values: string): string => `
  insert into jobmachine.task (class_id, parameters, ${columns})
  select jobmachine.class_id('${className}'), '{}', ${values} from generate_series($1::int, $2::int) as n`

/** Each on top of those before. */
export const FILLS: readonly Fill[] = [
  {
    title: 'waiting, of a class that no worker here runs',
    rows: 1_000_000,
    sql: insert('bench.elsewhere', 'run_after', "now() - n * interval '1 millisecond'"),
  },
  {
    title: 'due tomorrow at a better priority',
    rows: 1_000_000,
    sql: insert(
      'bench.latency',
      'priority, run_after',
      "-10, now() + interval '1 day' + n * interval '1 millisecond'",
    ),
  },
  {
    title: 'finished',
    rows: 10_000_000,
    sql: insert(
      'jobmachine.noop',
      'status, attempt, created, started, finished, remove_after',
      "200, 1, now() - interval '1 hour', now() - interval '1 hour', now() - interval '1 hour', now() + interval '30 days'",
    ),
  },
]

/** Inserts what is to be there. @param rows how many */
export async function fill(databaseUrl: string, { sql }: Fill, rows: number): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    for (let from = 1; from <= rows; from += CHUNK) {
      await client.query(sql, [from, Math.min(rows, from + CHUNK - 1)])
    }
    await client.query('vacuum (analyze) jobmachine.task')
    await client.query('vacuum (analyze) jobmachine.ready')
  } finally {
    await client.end()
  }
}
