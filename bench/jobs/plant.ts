import { fileURLToPath } from 'node:url'
import { type Connection, openSite } from '../../core/index.ts'
import { recount } from '../../plugins/jobmachine/queue/tally.ts'
import { addUser } from '../../plugins/users/index.ts'
import { CLASSES } from './office.ts'

/** Who looks at the pages. */
export const STAFF = { login: 'bench', password: 'a long walk through many tasks' }

/** Tasks of one statement. */
const CHUNK = 250_000

/** What there is of each, at scale 1. */
export interface Planted {
  readonly tasks: number
  readonly waiting: number
  readonly failed: number
  /** Of a batch, the oldest task of all. */
  readonly children: number
}

/** @param scale 1 for ten million tasks */
export function amountsOf(scale: number): Planted {
  const of = (n: number): number => Math.max(100, Math.round(n * scale))
  return { tasks: of(10_000_000), waiting: of(500_000), failed: of(200_000), children: of(100_000) }
}

/**
 * Fills an empty database with tasks of thirty days, as ten classes would leave them: most finished, some failed, the
 * newest waiting, each in a parcel of its own. By SQL without triggers, with the indexes made afterwards; what the
 * triggers and the end of a task would write is written from the rows.
 */
export async function plantTasks(
  databaseUrl: string,
  amounts: Planted,
  progress: (line: string) => void,
): Promise<void> {
  const app = await openSite(fileURLToPath(new URL('site', import.meta.url)), { databaseUrl })
  try {
    await app.prepare()
    await addUser(app.scope(), { ...STAFF, roles: ['admin'] })
    const indexes = await app.database.query<{ name: string; sql: string }>(
      `select i.indexrelid::regclass::text as name, pg_get_indexdef(i.indexrelid) as sql
       from pg_index i left join pg_constraint c on c.conindid = i.indexrelid
       where i.indrelid = 'jobmachine.task'::regclass and c.oid is null`,
    )
    await app.database.transaction(async (tx) => {
      await tx.query("set local maintenance_work_mem = '256MB'")
      await tx.query('alter table jobmachine.task disable trigger user')
      for (const { name } of indexes) await tx.query(`drop index ${name}`)
      for (let from = 1; from <= amounts.tasks; from += CHUNK) {
        progress(`${from - 1} of ${amounts.tasks} tasks`)
        await insert(tx, amounts, from, Math.min(amounts.tasks, from + CHUNK - 1))
      }
      progress('indexes, errors and counters')
      for (const { sql } of indexes) await tx.query(sql)
      await tx.query('alter table jobmachine.task enable trigger user')
      await derive(tx)
    })
    await app.database.transaction((tx) => recount(tx))
    await app.database.query('vacuum (analyze) jobmachine.task, jobmachine.ready, jobmachine.attempt')
    await app.database.query('checkpoint')
  } finally {
    await app.stop()
  }
}

async function insert(tx: Connection, amounts: Planted, from: number, to: number): Promise<void> {
  const { tasks, waiting, failed, children } = amounts
  const every = Math.floor((tasks - waiting) / failed)
  await tx.query(
    `with class as materialized (
       select i, jobmachine.class_id('office.job-' || i) as id from generate_series(0, ${CLASSES - 1}) as i
     )
     insert into jobmachine.task (class_id, title, parameters, status, created, modified, run_after, started, finished,
       attempt, remove_after, parent_id, requested_by)
     select class.id, case when n % 20 = 0 then 'Order ' || n end,
       '{"order": ' || n || ', "customer": "C' || n % 5000 || '"}',
       case when n > ${tasks - waiting} then 0 when n % ${every} = 0 then 900 else 200 end,
       at, at, at,
       case when n <= ${tasks - waiting} then at + interval '1 second' end,
       case when n <= ${tasks - waiting} then at + interval '1 second' + n % 1000 * interval '1 millisecond' end,
       case when n <= ${tasks - waiting} then 1 else 0 end,
       now() + interval '60 days',
       case when n between 2 and ${children} then 1 end,
       case when n % 1000 = 0 then 'user-' || n / 1000 % 50 end
     from generate_series($1::int, $2::int) as n
       join class on i = n % ${CLASSES}
       cross join lateral (
         select now() - (${tasks} - n) * (interval '30 days' / ${tasks}) as at
       ) as moment
     order by n`,
    [from, to],
  )
}

/** What the rows of the tasks would have brought with them. */
async function derive(tx: Connection): Promise<void> {
  const run = `(extract(epoch from finished - started) * 1000)`
  await tx.query(`
    insert into jobmachine.ready (class_id, priority, run_after, turn, tasks)
    select class_id, priority, run_after, turn, array[task_id] from jobmachine.task where status = 0 order by task_id`)
  await tx.query(`
    insert into jobmachine.attempt (task_id, attempt, started, ended, error)
    select task_id, 1, started, finished, 'the other side did not answer' from jobmachine.task where status = 900`)
  await tx.query(`
    insert into jobmachine.tally (minute, class_id, status, bucket, ended, wait_ms, run_ms)
    select date_trunc(case when finished > now() - interval '1 day' then 'minute' else 'hour' end, finished, 'UTC'),
      class_id, status, jobmachine.bucket(${run}::float8), count(*), count(*) * 1000, sum(${run})
    from jobmachine.task where status >= 200 group by 1, 2, 3, 4`)
  await tx.query(`
    insert into jobmachine.pace (at, class_id, status, ended, wait_ms, run_ms)
    select date_bin('30 minutes', finished, 'epoch'), class_id, status, count(*), count(*) * 1000, sum(${run})
    from jobmachine.task where status >= 200 group by 1, 2, 3`)
}
