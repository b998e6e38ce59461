import type { Knex } from 'knex'

/** Parcels that are passed over since their key is full, before the next ones are asked for without that key. */
const PASSED = 20
/** Parcels of nothing but tasks that are over, which one call throws away at most. */
const PARCELS = 1000

/**
 * Claims tasks of a class with limits, as `claim_limited` of 0007 did, which locked each parcel it passed over: with
 * 100,000 waiting of one customer whose task ran, each claim locked 100,000 rows. `claim_limited` stays for processes of the
 * version before that still run when this is migrated.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- For one worker at a time: what is counted is what there is. A parcel is held for each task, so that its end makes
    -- room. The limits are null where there is none; wait_ms says when to ask again.
    create function jobmachine.claim_within_limits(
      worker integer, class integer, wanted integer, most integer, most_per_key integer,
      rate integer, rate_ms double precision, key_rate integer, key_rate_ms double precision,
      out tasks text, out parcels json, out wait_ms double precision
    ) language plpgsql as $$
    declare
      moment timestamptz := clock_timestamp();
      free integer := wanted;
      used integer;
      oldest timestamptz;
      parcel record;
      waiting bigint[];
      n integer;
      full_keys text[] := '{}';
      passed integer;
      stale integer := 0;
      last_priority smallint := -32768;
      last_run_after timestamptz := '-infinity';
      last_id bigint := 0;
      held_ids bigint[] := '{}';
      new_ids bigint[];
    begin
      if not pg_try_advisory_xact_lock(27249, class) then
        wait_ms := 3;
        return;
      end if;
      if most is not null then
        select coalesce(sum(cardinality(h.tasks)), 0) into used from jobmachine.held h where h.class_id = class;
        free := least(free, most - used);
      end if;
      if rate is not null or key_rate is not null then
        delete from jobmachine.started s where s.class_id = class
          and s.at <= moment - greatest(rate_ms, key_rate_ms) * interval '1 millisecond';
      end if;
      if rate is not null then
        select count(*), min(s.at) into used, oldest from jobmachine.started s
          where s.class_id = class and s.at > moment - rate_ms * interval '1 millisecond';
        free := least(free, rate - used);
        if used >= rate then
          wait_ms := rate_ms - extract(epoch from moment - oldest) * 1000;
        end if;
      end if;
      <<search>>
      while free > 0 loop
        passed := 0;
        for parcel in
          select r.* from jobmachine.ready r
          where r.class_id = class and r.run_after <= moment
            and (r.priority, r.run_after, r.ready_id) > (last_priority, last_run_after, last_id)
            and (r.limit_key is null or r.limit_key <> all (full_keys))
          order by r.priority, r.run_after, r.ready_id for update skip locked
        loop
          last_priority := parcel.priority;
          last_run_after := parcel.run_after;
          last_id := parcel.ready_id;
          if parcel.limit_key = any (full_keys) then
            passed := passed + 1;
            continue search when passed >= ${PASSED};
            continue;
          end if;
          select coalesce(array_agg(t.task_id order by t.task_id), '{}') into waiting
          from unnest(parcel.tasks) as id join jobmachine.task t on t.task_id = id
          where t.turn = parcel.turn and t.status + 0 = 0;
          n := least(free, cardinality(waiting));
          if parcel.limit_key is not null and n > 0 then
            if most_per_key is not null then
              select coalesce(sum(cardinality(h.tasks)), 0) into used
                from jobmachine.held h where h.class_id = class and h.limit_key = parcel.limit_key;
              n := least(n, most_per_key - used);
            end if;
            if key_rate is not null then
              select count(*), min(s.at) into used, oldest from jobmachine.started s
                where s.class_id = class and s.limit_key = parcel.limit_key
                  and s.at > moment - key_rate_ms * interval '1 millisecond';
              n := least(n, key_rate - used);
              if used >= key_rate then
                wait_ms := least(wait_ms, key_rate_ms - extract(epoch from moment - oldest) * 1000);
              end if;
            end if;
            if n < cardinality(waiting) then
              full_keys := full_keys || parcel.limit_key;
            end if;
            continue when n <= 0;
          end if;
          if n > 0 then
            with taken as (
              insert into jobmachine.held (worker_id, class_id, turn, limit_key, tasks)
              select worker, class, parcel.turn, parcel.limit_key, array[id] from unnest(waiting[1:n]) as id
              returning held_id
            )
            select coalesce(array_agg(held_id), '{}') into new_ids from taken;
            held_ids := held_ids || new_ids;
            if rate is not null or key_rate is not null then
              insert into jobmachine.started (class_id, limit_key, at)
              select class, parcel.limit_key, moment from generate_series(1, n);
            end if;
          else
            stale := stale + 1;
          end if;
          if n = cardinality(waiting) then
            delete from jobmachine.ready r where r.class_id = class and r.priority = parcel.priority
              and r.run_after = parcel.run_after and r.ready_id = parcel.ready_id;
          else
            update jobmachine.ready r set tasks = waiting[n + 1:] where r.class_id = class
              and r.priority = parcel.priority and r.run_after = parcel.run_after and r.ready_id = parcel.ready_id;
          end if;
          free := free - n;
          exit search when free <= 0;
          if stale >= ${PARCELS} then
            wait_ms := least(wait_ms, 3);
            exit search;
          end if;
        end loop;
        exit search;
      end loop;
      select json_agg(json_build_array(t.task_id, t.class_id, t.turn, t.attempt + 1, t.parameters, t.max_attempts,
          t.timeout, t.priority, h.held_id))::text, json_agg(h.held_id) into tasks, parcels
      from jobmachine.held h join jobmachine.task t on t.task_id = h.tasks[1]
      where h.held_id = any (held_ids);
    end $$;
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop function jobmachine.claim_within_limits')
}
