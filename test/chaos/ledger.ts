import type { Client } from 'pg'

/**
 * Tables and triggers that watch the queue from outside its code: who began what, what was completed, and each write
 * for a task that was not the writer's any more. What one attempt writes carries the id of its run.
 */
export const LEDGER = `
  create schema chaos;
  create table chaos.run (
    run uuid primary key,
    task_id bigint not null,
    attempt integer not null,
    turn integer not null,
    pid integer not null,
    began timestamptz not null default clock_timestamp()
  );
  create index on chaos.run (task_id, began);
  create table chaos.ending (
    task_id bigint not null,
    turn integer not null,
    attempt integer not null,
    status integer not null,
    at timestamptz not null default clock_timestamp()
  );
  create index on chaos.ending (task_id);
  create table chaos.late (
    run uuid not null,
    task_id bigint not null,
    what text not null,
    outcome text not null,
    stood double precision not null,
    at timestamptz not null default clock_timestamp()
  );
  create table chaos.zombie (
    run uuid not null,
    what text not null,
    turn integer,
    task jsonb,
    at timestamptz not null default clock_timestamp()
  );
  create table chaos.effect (task_id bigint not null);
  create table chaos.sent (task_id bigint primary key, sender integer not null);

  -- The turn as it is when the run begins. A run that begins late notes one that is not its own: what it writes is
  -- refused by the turn it holds, or found here.
  create function chaos.run_begins() returns trigger language plpgsql as $$
  begin
    select turn into new.turn from jobmachine.task where task_id = new.task_id;
    return new;
  end $$;
  create trigger run_begins before insert on chaos.run for each row execute function chaos.run_begins();

  create function chaos.task_ends() returns trigger language plpgsql as $$
  begin
    insert into chaos.ending (task_id, turn, attempt, status) values (new.task_id, new.turn, new.attempt, new.status);
    return null;
  end $$;
  create trigger task_ends after update on jobmachine.task for each row
    when (new.status >= 200 and (old.status < 200 or new.status <> old.status or new.finished is distinct from old.finished))
    execute function chaos.task_ends();

  create function chaos.judge(writer uuid, of_task bigint, what text, at_end boolean) returns void language plpgsql as $$
  declare
    held chaos.run;
    now_task jobmachine.task;
  begin
    select * into held from chaos.run where run = writer;
    select * into now_task from jobmachine.task where task_id = of_task;
    -- The run of a transactional task is not to be seen from outside before it is committed.
    if held.run is null and what in ('log', 'progress') then return; end if;
    if held.task_id is distinct from of_task or held.turn is distinct from now_task.turn
        or not (now_task.status in (0, 100) or (at_end and now_task.status = 200)) then
      insert into chaos.zombie (run, what, turn, task) values (writer, what, held.turn, to_jsonb(now_task));
    end if;
  end $$;

  create function chaos.result_kept() returns trigger language plpgsql as $$
  declare
    data jsonb := new.result::jsonb -> 'data';
  begin
    if data ? 'run' then
      perform chaos.judge((data ->> 'run')::uuid, new.task_id, data ->> 'kind', data ->> 'kind' = 'return');
    elsif data ? 'name' then
      perform chaos.judge((data ->> 'name')::uuid, new.task_id, 'file', false);
    end if;
    return null;
  end $$;
  create trigger result_kept after insert on jobmachine.result for each row execute function chaos.result_kept();

  create function chaos.line_kept() returns trigger language plpgsql as $$
  begin
    perform chaos.judge(new.message::uuid, new.task_id, 'log', false);
    return null;
  end $$;
  create trigger line_kept after insert on jobmachine.log for each row execute function chaos.line_kept();

  create function chaos.progress_kept() returns trigger language plpgsql as $$
  begin
    perform chaos.judge(new.note::uuid, new.task_id, 'progress', false);
    return null;
  end $$;
  create trigger progress_kept after insert or update on jobmachine.progress
    for each row execute function chaos.progress_kept();
`

/** What must not be, each with how to find it: none of these statements may give a row. */
export const FORBIDDEN: Readonly<Record<string, string>> = {
  'tasks that were sent and are not finished': `
    select s.task_id, t.status from chaos.sent s left join jobmachine.task t using (task_id)
    where t.status is distinct from 200`,
  'tasks that nobody sent': `
    select task_id from jobmachine.task t where not exists (select from chaos.sent s where s.task_id = t.task_id)`,
  'tasks that were not finished exactly once': `
    select t.task_id, count(e.status) as endings from jobmachine.task t left join chaos.ending e using (task_id)
    group by t.task_id having count(e.status) <> 1`,
  'tasks without exactly one final result, that of the run which finished them': `
    select t.task_id, count(r.run) as results
    from jobmachine.task t
    left join lateral (
      select (x.result::jsonb -> 'data' ->> 'run')::uuid as run from jobmachine.result x
      where x.task_id = t.task_id and x.result::jsonb -> 'data' ->> 'kind' = 'return'
    ) as r on true
    left join chaos.run on run.run = r.run and run.task_id = t.task_id and run.turn = t.turn and run.attempt = t.attempt
    group by t.task_id having count(r.run) <> 1 or count(run.run) <> 1`,
  'writes for a task that was taken away': 'select * from chaos.zombie',
  'transactional tasks without exactly one effect': `
    select t.task_id, count(e.task_id) as effects from jobmachine.task t left join chaos.effect e using (task_id)
    where t.class_id = jobmachine.class_id('chaos.exact') or e.task_id is not null
    group by t.task_id having count(e.task_id) <> 1`,
  'ends of attempts for other reasons than those of the trial': `
    select task_id, attempt, error from jobmachine.attempt
    where error !~ '^(worker died|not in the mood)|database|onnection|ECONNRESET|terminating|starting up|shutting down|recovery'`,
  'parcels left waiting': 'select * from jobmachine.ready',
  'parcels left with a worker': 'select * from jobmachine.held',
  'tasks left waiting or running': 'select task_id, status from jobmachine.task where status < 200',
  'counters that differ from the rows they count': `
    with counted as (
      select class_id, status, sum(n)::bigint as n from (
        select class_id, status, n from jobmachine.kept
        union all select class_id, status, kept from jobmachine.tally_delta where kept <> 0
      ) as x group by 1, 2 having sum(n) <> 0
    ), there as (
      select class_id, status, count(*) as n from jobmachine.task where status >= 200 group by 1, 2
    )
    select * from counted full join there using (class_id, status) where counted.n is distinct from there.n`,
}

/** Looks for all that must not be. @returns what was found, with the first few rows of each */
export async function findings(client: Client): Promise<Record<string, unknown[]>> {
  const found: Record<string, unknown[]> = {}
  for (const [what, statement] of Object.entries(FORBIDDEN)) {
    const { rows } = await client.query(`select * from (${statement}) as f limit 20`)
    if (rows.length > 0) found[what] = rows
  }
  return found
}

/** An interval in which a process was not itself. */
export interface Harm {
  readonly kind: string
  readonly pid: number
  /** Epoch milliseconds. */
  readonly at: number
}

/** Turns that two runs had, none of them in a process that was harmed: the queue gave one task to two. */
export async function twins(client: Client, harms: readonly Harm[]): Promise<unknown[]> {
  const { rows } = await client.query(
    `select task_id, turn, array_agg(pid) as pids from chaos.run
     group by task_id, turn having count(*) > 1 and not (array_agg(pid) && $1::int[]) limit 20`,
    [harms.map((harm) => harm.pid)],
  )
  return rows
}

/**
 * Milliseconds from each harm to the moment when each of the tasks its process was at began elsewhere.
 * @param away when the database was away: such moments are left out
 */
export async function recoveries(
  client: Client,
  harms: readonly Harm[],
  away: readonly { from: number; to: number }[],
): Promise<number[]> {
  const took: number[] = []
  for (const { pid, at } of harms) {
    const { rows } = await client.query<{ ms: number }>(
      `select (extract(epoch from next.began) * 1000 - $2)::float8 as ms
       from chaos.run r, lateral (
         select n.began from chaos.run n where n.task_id = r.task_id and n.pid <> r.pid and n.began > to_timestamp($2 / 1000.0)
         order by n.began limit 1
       ) as next
       where r.pid = $1 and r.began < to_timestamp($2 / 1000.0)
         and not exists (select from chaos.run later where later.task_id = r.task_id and later.began > r.began
           and later.began <= to_timestamp($2 / 1000.0))
         and not exists (select from jobmachine.attempt a where a.task_id = r.task_id and a.attempt = r.attempt
           and a.ended <= to_timestamp($2 / 1000.0))`,
      [pid, at],
    )
    for (const { ms } of rows) {
      if (!away.some(({ from, to }) => from <= at + ms && to >= at)) took.push(ms)
    }
  }
  return took.sort((a, b) => a - b)
}
