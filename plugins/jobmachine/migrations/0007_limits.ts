import type { Knex } from 'knex'

/** Classes that pause, limits on what runs at once and how often, tasks that wait for others, unique keys. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table jobmachine.class add column paused boolean not null default false;

    -- Starts of tasks of classes with a rate limit, as long as they count.
    create table jobmachine.started (
      class_id integer not null,
      limit_key text,
      at timestamptz not null default clock_timestamp()
    );
    create index started_class on jobmachine.started (class_id, at);
    create index started_key on jobmachine.started (class_id, limit_key, at) where limit_key is not null;

    alter table jobmachine.task add column dependents boolean not null default false;
    comment on column jobmachine.task.dependents is 'others wait for it';
    create table jobmachine.dependency (
      task_id bigint not null references jobmachine.task (task_id) on delete cascade,
      after_id bigint not null,
      if_failed text not null check (if_failed in ('fail', 'run', 'wait')),
      done boolean not null default false,
      primary key (task_id, after_id)
    );
    create index dependency_after on jobmachine.dependency (after_id) where not done;

    create table jobmachine.unique_key (
      class_id integer not null,
      key text not null,
      task_id bigint references jobmachine.task (task_id) on delete cascade,
      until timestamptz,
      primary key (class_id, key)
    );
    create index unique_key_task on jobmachine.unique_key (task_id);

    -- Claims tasks of a class with limits, for one worker at a time: what is counted is what there is. A parcel is
    -- held for each task, so that its end makes room. The limits are null where there is none; wait_ms says when
    -- a rate lets the next task start.
    create function jobmachine.claim_limited(
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
      if free > 0 then
        for parcel in
          select r.* from jobmachine.ready r
          where r.class_id = class and r.run_after <= moment
          order by r.priority, r.run_after, r.ready_id for update skip locked
        loop
          continue when parcel.limit_key = any (full_keys);
          select coalesce(array_agg(t.task_id order by t.task_id), '{}') into waiting
          from unnest(parcel.tasks) as id join jobmachine.task t on t.task_id = id
          where t.turn = parcel.turn and t.status = 0;
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
          if n = cardinality(waiting) then
            delete from jobmachine.ready r where r.class_id = class and r.priority = parcel.priority
              and r.run_after = parcel.run_after and r.ready_id = parcel.ready_id;
          else
            update jobmachine.ready r set tasks = waiting[n + 1:] where r.class_id = class
              and r.priority = parcel.priority and r.run_after = parcel.run_after and r.ready_id = parcel.ready_id;
          end if;
          free := free - n;
          exit when free <= 0;
        end loop;
      end if;
      select json_agg(json_build_array(t.task_id, t.class_id, t.turn, t.attempt + 1, t.parameters, t.max_attempts,
          t.timeout, t.priority, h.held_id))::text, json_agg(h.held_id) into tasks, parcels
      from jobmachine.held h join jobmachine.task t on t.task_id = h.tasks[1]
      where h.held_id = any (held_ids);
    end $$;

    -- Whether a unique key is taken: by which task, which stays as it is until the end of the transaction; null: it is
    -- the caller's now, who must name its task in unique_key.
    create function jobmachine.take_key(class integer, wanted text, during text) returns bigint language plpgsql as $$
    declare
      known record;
      other record;
    begin
      loop
        insert into jobmachine.unique_key (class_id, key) values (class, wanted) on conflict do nothing;
        if found then return null; end if;
        select * into known from jobmachine.unique_key u where u.class_id = class and u.key = wanted for update;
        continue when not found;
        if during = 'period' then
          return case when known.until > clock_timestamp() then known.task_id end;
        end if;
        select t.* into other from jobmachine.task t where t.task_id = known.task_id and t.status in (0, 100) for update;
        if not found then return null; end if;
        if during = 'unfinished' then return known.task_id; end if;
        if other.status <> 0 then return null; end if;
        if other.blocked > 0 then return known.task_id; end if;
        -- Nobody can claim it while its parcel is locked.
        perform from jobmachine.ready r where r.class_id = other.class_id and r.priority = other.priority
          and r.run_after = other.run_after and r.turn = other.turn and r.tasks @> array[other.task_id] for update;
        return case when found then known.task_id end;
      end loop;
    end $$;

    -- Lets tasks run, or fail, that waited for these, which are over.
    create function jobmachine.release(ended bigint[], retention_ms double precision, out parents bigint[])
    language plpgsql as $$
    declare
      over bigint[] := ended;
      more bigint[];
      of_batches bigint[];
    begin
      parents := '{}';
      while cardinality(over) > 0 loop
        with done as (
          update jobmachine.dependency d set done = true
          from jobmachine.task t
          where d.after_id = any (over) and not d.done and t.task_id = d.after_id
            and (t.status = 200 or (t.status = 900 and d.if_failed = 'run'))
          returning d.task_id
        )
        update jobmachine.task t set blocked = greatest(0, t.blocked - d.n), modified = now()
        from (select task_id, count(*)::int as n from done group by task_id order by task_id) as d
        where t.task_id = d.task_id;

        with failed as (
          select d.task_id, min(d.after_id) as after_id
          from jobmachine.dependency d left join jobmachine.task t on t.task_id = d.after_id
          where d.after_id = any (over) and not d.done and d.if_failed = 'fail'
            and (t.task_id is null or t.status = 900)
          group by d.task_id
        ), lost as (
          update jobmachine.task t
          set status = 900, attempt = t.attempt + 1, finished = now(), modified = now(),
            remove_after = coalesce(t.remove_after, now() + retention_ms * interval '1 millisecond')
          from failed f where t.task_id = f.task_id and t.status = 0
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
            then '{}'::bigint[] end
        into more, of_batches from lost;
        parents := parents || of_batches;
        over := more;
      end loop;
    end $$;
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop function jobmachine.release, jobmachine.take_key, jobmachine.claim_limited;
    drop table jobmachine.unique_key, jobmachine.dependency, jobmachine.started;
    alter table jobmachine.task drop column dependents;
    alter table jobmachine.class drop column paused;
  `)
}
