import type { Knex } from 'knex'

/**
 * What follows the end of tasks that others wait for, as `release_dependents` of 0011 did for all of them in one statement,
 * which is given up after fifteen seconds: for some of them a call, so that 300,000 tasks may wait for one.
 * `release_dependents` stays for processes of the version before that still run when this is migrated.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Lets tasks run, or fail, that waited for these, which are over; so many at most. Those that failed: [[task_id, attempt], ...].
    -- Call it again with what is left of these, and with those failed ones that others wait for in turn.
    create function jobmachine.release_some(
      over bigint[], retention_ms double precision, most integer, out parents bigint[], out lost json, out next bigint[]
    ) language plpgsql as $$
    declare
      freed integer;
      failed integer;
    begin
      with ended as materialized (
        select t.task_id, t.status from jobmachine.task t where t.task_id = any (over) and t.status + 0 in (200, 900)
      ), few as materialized (
        select d.task_id, d.after_id
        from ended e, jobmachine.dependency d
        where d.after_id = any (array[e.task_id]) and not d.done and (e.status = 200 or d.if_failed = 'run')
        limit most
      ), done as (
        update jobmachine.dependency d set done = true
        from few s
        where d.task_id = any (array[s.task_id]) and d.after_id + 0 = s.after_id and not d.done
        returning d.task_id
      ), put as (
        update jobmachine.task t set blocked = greatest(0, t.blocked - d.n), modified = now()
        from (select task_id, count(*)::int as n from done group by task_id order by task_id) as d
        where t.task_id = any (array[d.task_id])
      )
      select count(*) into freed from few;

      with one as materialized (
        select o.task_id, coalesce((select t.status from jobmachine.task t where t.task_id = o.task_id), 900) as status
        from unnest(over) as o (task_id)
      ), few as materialized (
        select d.task_id, d.after_id
        from one o, jobmachine.dependency d
        where o.status = 900 and d.after_id = any (array[o.task_id]) and not d.done and d.if_failed = 'fail'
          and (select t.status from jobmachine.task t where t.task_id = d.task_id) = 0
        limit most
      ), failed as materialized (
        select task_id, min(after_id) as after_id from few group by task_id
      ), lost as (
        update jobmachine.task t
        set status = 900, attempt = t.attempt + 1, finished = now(), modified = now(),
          remove_after = coalesce(t.remove_after, now() + retention_ms * interval '1 millisecond')
        from failed f where t.task_id = any (array[f.task_id]) and t.status + 0 = 0
        returning t.task_id, t.class_id, t.attempt, t.parent_id, t.reply, t.dependents, f.after_id
      ), kept as (
        insert into jobmachine.attempt (task_id, attempt, error)
        select task_id, attempt, 'task ' || after_id || ', which it waited for, failed' from lost
        on conflict do nothing
      ), tallied as (
        insert into jobmachine.tally_delta (class_id, status, kept, ended)
        select class_id, 900, count(*), 0 from lost group by class_id
      )
      select coalesce(array_agg(task_id) filter (where dependents), '{}'),
        coalesce(array_agg(distinct parent_id) filter (where parent_id is not null), '{}')
        || case when count(case when reply then pg_notify('jmr:' || task_id, task_id::text) end) >= 0
          then '{}'::bigint[] end,
        coalesce(json_agg(json_build_array(task_id, attempt) order by task_id), '[]'), (select count(*) from few)
      into next, parents, lost, failed from lost;
      if freed = most or failed = most then next := next || over; end if;
    end $$;
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop function jobmachine.release_some')
}
