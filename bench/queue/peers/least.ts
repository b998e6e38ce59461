import pg from 'pg'
import { now, type Queue, type Ran } from './queue.ts'
import { serveQueue } from './serve.ts'

/** Tasks at a time, each on a connection of its own, as the others have them in `unbatched`. */
const AT_ONCE = 10

/**
 * The end of one task and the claim of the next, as short as they can be and keep a record: a row is added to what is
 * done and one is taken from what waits. There are no leases, attempts, times, results, counters, limits and
 * notifications; a worker that dies takes its tasks with it.
 */
const TABLES = `
  create schema least;
  create table least.waiting (id bigserial primary key);
  create table least.done (id bigint primary key, worker integer not null, at timestamptz not null default now());
  create function least.next(ended bigint, worker integer) returns bigint language plpgsql as $$
  declare
    claimed bigint;
  begin
    if ended is not null then insert into least.done values (ended, worker); end if;
    delete from least.waiting w
    where w.id = (select id from least.waiting order by id limit 1 for update skip locked)
    returning w.id into claimed;
    return claimed;
  end $$;`

const NEXT = { name: 'next', text: 'select least.next($1, $2) as id' }

/** No queue, but the measure of one: what no queue that settles task by task on this machine can be faster than. */
function least(): Queue {
  let url = ''
  let pool: pg.Pool
  let loops: Promise<void>[] = []
  let sent = 0
  const loop = async (worker: number, tell: (ran: Ran) => void): Promise<void> => {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    for (let ended: string | null = null; ; ) {
      const { rows }: pg.QueryResult<{ id: string | null }> = await client.query({
        ...NEXT,
        values: [ended, worker],
      })
      ended = rows[0]!.id
      if (ended === null) break
      tell({ tasks: 1, first: now(), waited: [] })
    }
    await client.end()
  }
  const rest = async (): Promise<void> => {
    await Promise.all(loops)
    loops = []
  }
  return {
    standing: false,
    prepare: async (databaseUrl) => {
      url = databaseUrl
      pool = new pg.Pool({ connectionString: url, max: 1 })
      await pool.query(TABLES)
    },
    clear: async () => {
      sent = 0
      await pool.query('truncate least.waiting, least.done')
    },
    analyze: async () => void (await pool.query('analyze least.waiting')),
    sendMany: async (tasks) => {
      sent += tasks
      await pool.query('insert into least.waiting select from generate_series(1, $1::int)', [tasks])
    },
    sendOne: () => {
      sent++
      return pool.query('insert into least.waiting default values')
    },
    work: async (_setting, tell) => {
      loops = Array.from({ length: AT_ONCE }, (_, worker) => loop(worker, tell))
    },
    rest,
    anyLeft: async () => {
      const { rows } = await pool.query('select (select count(*) from least.done) < $1 as some', [sent])
      return rows[0].some
    },
    stop: async () => {
      await rest()
      await pool?.end()
    },
  }
}

serveQueue(least())
