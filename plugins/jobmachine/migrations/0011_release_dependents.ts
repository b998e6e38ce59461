import type { Knex } from 'knex'

/**
 * What follows the end of tasks that others wait for, with what it ended, for hooks; by statements whose plans stay
 * good when they were made while the queue was empty (see `PLANS` in worker/session.ts). `release` stays for processes of the
 * version before that still run when this is migrated.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Lets tasks run, or fail, that waited for these, which are over. Those that failed: [[task_id, attempt], ...].
    create function jobmachine.release_dependents(ended bigint[], retention_ms double precision, out parents bigint[], out lost json)
    language plpgsql as $$
    declare
      over bigint[] := ended;
      more bigint[];
      of_batches bigint[];
      ids bigint[];
      attempts integer[];
      lost_ids bigint[] := '{}';
      lost_attempts integer[] := '{}';
    begin
      parents := '{}';
      while cardinality(over) > 0 loop
        with ended as materialized (
          select t.task_id, t.status from jobmachine.task t where t.task_id = any (over) and t.status + 0 in (200, 900)
        ), done as (
          update jobmachine.dependency d set done = true
          from ended e
          where d.after_id = any (array[e.task_id]) and not d.done and (e.status = 200 or d.if_failed = 'run')
          returning d.task_id
        )
        update jobmachine.task t set blocked = greatest(0, t.blocked - d.n), modified = now()
        from (select task_id, count(*)::int as n from done group by task_id order by task_id) as d
        where t.task_id = any (array[d.task_id]);

        with one as materialized (
          select o.task_id, coalesce((select t.status from jobmachine.task t where t.task_id = o.task_id), 900) as status
          from unnest(over) as o (task_id)
        ), failed as materialized (
          select d.task_id, min(d.after_id) as after_id
          from one o, jobmachine.dependency d
          where o.status = 900 and d.after_id = any (array[o.task_id]) and not d.done and d.if_failed = 'fail'
          group by d.task_id
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
          coalesce(array_agg(task_id order by task_id), '{}'), coalesce(array_agg(attempt order by task_id), '{}')
        into more, of_batches, ids, attempts from lost;
        parents := parents || of_batches;
        lost_ids := lost_ids || ids;
        lost_attempts := lost_attempts || attempts;
        over := more;
      end loop;
      lost := coalesce((select json_agg(json_build_array(l.id, l.attempt) order by l.n)
        from unnest(lost_ids, lost_attempts) with ordinality as l (id, attempt, n)), '[]');
    end $$;
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop function jobmachine.release_dependents')
}
