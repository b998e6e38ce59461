import pg from 'pg'

/** Tasks of one statement. */
const CHUNK = 100_000

/** What fills the tables of the queue by SQL, as they would be after a while. */
export interface Fill {
  readonly title: string
  /** Rows when nothing is scaled down. */
  readonly rows: number
  /** Classes the tasks are of, in turn; with `{n}`, 0 to `classes` - 1, in the name. */
  readonly className: string
  readonly classes: number
  /** Columns of a task beside its class and parameters, and their values by `n`, which counts from 1. */
  readonly columns: string
  readonly values: string
}

/** Each on top of those before. */
export const FILLS: readonly Fill[] = [
  {
    title: 'waiting in full parcels, of a class that no worker here runs',
    rows: 1_000_000,
    className: 'bench.elsewhere',
    classes: 1,
    columns: 'run_after',
    values: "now() - interval '1 hour'",
  },
  {
    title: 'waiting in parcels of one, of 50 classes that no worker here runs',
    rows: 1_000_000,
    className: 'bench.elsewhere.{n}',
    classes: 50,
    columns: 'run_after',
    values: "now() - n * interval '1 millisecond'",
  },
  {
    title: 'due tomorrow at a better priority',
    rows: 1_000_000,
    className: 'bench.latency',
    classes: 1,
    columns: 'priority, run_after',
    values: "-10, now() + interval '1 day' + n * interval '1 millisecond'",
  },
  {
    title: 'finished',
    rows: 10_000_000,
    className: 'jobmachine.noop',
    classes: 1,
    columns: 'status, attempt, created, started, finished, remove_after',
    values:
      "200, 1, now() - interval '1 hour', now() - interval '1 hour', now() - interval '1 hour', now() + interval '30 days'",
  },
]

/**
 * Inserts what is to be there. The indexes of `task` are made anew afterwards, and its triggers do not run: what
 * they would do, parcels for those that wait, is done in one statement.
 *
 * @param rows how many
 */
export async function fill(databaseUrl: string, one: Fill, rows: number): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    await client.query("set maintenance_work_mem = '256MB'")
    const { rows: indexes } = await client.query<{ name: string; sql: string }>(
      `select i.indexrelid::regclass::text as name, pg_get_indexdef(i.indexrelid) as sql
       from pg_index i left join pg_constraint c on c.conindid = i.indexrelid
       where i.indrelid = 'jobmachine.task'::regclass and c.oid is null`,
    )
    await client.query('alter table jobmachine.task disable trigger user')
    for (const { name } of indexes) await client.query(`drop index ${name}`)
    for (let from = 1; from <= rows; from += CHUNK) {
      await client.query(statement(one), [from, Math.min(rows, from + CHUNK - 1)])
    }
    for (const { sql } of indexes) await client.query(sql)
    await client.query('alter table jobmachine.task enable trigger user')
    await client.query('vacuum (analyze) jobmachine.task')
    await client.query('vacuum (analyze) jobmachine.ready')
    // Else the server would go on writing them to the disk for minutes, while it is measured.
    await client.query('checkpoint')
  } finally {
    await client.end()
  }
}

function statement({ className, classes, columns, values }: Fill): string {
  const names = `replace('${className}', '{n}', i::text)`
  return `
    with class as materialized (
      select i, jobmachine.class_id(${names}) as id from generate_series(0, ${classes - 1}) as i
    ), sent as (
      insert into jobmachine.task (class_id, parameters, ${columns})
      select class.id, '{}', ${values} from generate_series($1::int, $2::int) as n join class on i = n % ${classes}
      returning task_id, class_id, priority, run_after, turn, limit_key, status
    )
    insert into jobmachine.ready (class_id, priority, run_after, turn, limit_key, tasks)
    select class_id, priority, run_after, turn, limit_key, array_agg(task_id order by task_id)
    from sent where status = 0
    group by class_id, priority, run_after, turn, limit_key, task_id / 64
    order by min(task_id)`
}
