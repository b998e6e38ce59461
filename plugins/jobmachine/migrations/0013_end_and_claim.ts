import type { Knex } from 'knex'

/** Parcels of nothing but tasks that are over, which one call throws away at most. */
const PARCELS = 200

/**
 * Ends one task and claims the next one, as `finish_and_claim` of 0008 did, in six small statements where that needed
 * nine. `finish_and_claim` stays for processes of the version before that still run when this is migrated.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- JSON: {"n", "task", "parents", "needed", "limited", "more", "alone"}, all but the first and the last only where there is
    -- any; "more": there may be tasks behind those parcels that were thrown away.
    create function jobmachine.end_and_claim(
      worker integer, id bigint, held_turn integer, of_attempt integer, ran double precision,
      retention double precision, announce boolean, value text, drained bigint[], classes integer[], limits integer[],
      alone boolean
    ) returns text language plpgsql as $$
    -- Each expression outside of a statement is made ready anew in each transaction, which takes as long as a look by key:
    -- those that most calls need not come by are in the blocks inside.
    declare
      n integer;
      of_class integer;
      waited double precision;
      is_rare boolean;
      replies boolean;
      parent bigint;
      is_needed boolean;
      said text;
      is_searched boolean;
      stale integer;
      in_class integer;
      in_turn integer;
      key text;
      parcel bigint[];
      place tid;
      answer text;
    begin
      if id > 0 then
        update jobmachine.task t
        set status = 200, attempt = of_attempt, worker_id = worker,
          started = coalesce(case when t.status = 100 then t.started end, now() - ran * interval '1 millisecond'),
          finished = now(), modified = now(),
          remove_after = coalesce(t.remove_after, now() + retention * interval '1 millisecond')
        where t.task_id = id and t.turn = held_turn and t.status + 0 in (0, 100)
        returning 1, t.class_id, greatest(0, date_part('epoch', t.started - greatest(t.created, t.run_after)) * 1000),
          value is not null or announce or t.reply or t.parent_id is not null or t.dependents,
          t.reply, t.parent_id, t.dependents
        into n, of_class, waited, is_rare, replies, parent, is_needed;
        if found then
          insert into jobmachine.tally_delta (class_id, status, bucket, kept, ended, wait_ms, run_ms)
          values (of_class, 200, jobmachine.bucket(ran), 1, 1, waited, ran);
          if is_rare then
            if value is not null then
              insert into jobmachine.result (task_id, result, resulttype) values (id, value, 'application/json');
            end if;
            if replies then perform pg_notify('jmr:' || id, id::text); end if;
            if announce then perform pg_notify('jobmachine_task', id::text); end if;
            said := concat(',"parents":[' || parent || ']', case when is_needed then ',"needed":[' || id || ']' end);
          end if;
        end if;
      end if;
      if alone then
        -- There was one class and priority when this worker looked last. If that is still so, the first parcel is the next.
        select p.ctid, p.class_id, p.turn, p.limit_key, p.tasks into place, in_class, in_turn, key, parcel
        from (
          select r.ctid, r.class_id, r.priority, r.run_after, r.turn, r.limit_key, r.tasks from jobmachine.ready r
          order by r.class_id, r.priority, r.run_after, r.ready_id limit 1 for update skip locked
        ) as p
        where p.run_after <= now() and p.class_id = any (classes) and not (p.class_id = any (limits))
          and exists (select from jobmachine.class c where c.class_id = p.class_id and not c.paused)
          and not exists (select from jobmachine.ready o where (o.class_id, o.priority) > (p.class_id, p.priority));
      end if;

      <<search>>
      declare
        front_classes integer[];
        front_priorities smallint[];
        front_times timestamptz[];
        best integer;
      begin
        loop
          if place is null then
            if is_searched is null then
              declare
                last_class integer := -2147483648;
                last_priority integer := -32768;
                priority smallint;
                at timestamptz;
                is_paused boolean;
                full_classes integer[] := '{}';
                pairs integer := 0;
              begin
                loop
                  select r.class_id, r.priority, r.run_after,
                    (select c.paused from jobmachine.class c where c.class_id = r.class_id)
                  into in_class, priority, at, is_paused
                  from jobmachine.ready r
                  where (r.class_id, r.priority) > (last_class, last_priority)
                  order by r.class_id, r.priority, r.run_after limit 1;
                  exit when not found;
                  pairs := pairs + 1;
                  if not (in_class = any (classes)) then
                    -- To the next class that is wanted: what lies between may be a thousand classes of others.
                    select min(c) - 1 into last_class from unnest(classes) as c where c > in_class;
                    pairs := 2;
                    exit when last_class is null;
                    last_priority := 32767;
                    continue;
                  end if;
                  last_class := in_class;
                  last_priority := priority;
                  continue when at > now();
                  if in_class = any (limits) then
                    if not (in_class = any (full_classes)) then full_classes := full_classes || in_class; end if;
                  elsif not is_paused then
                    front_classes := front_classes || in_class;
                    front_priorities := front_priorities || priority;
                    front_times := front_times || at;
                  end if;
                end loop;
                is_searched := true;
                alone := pairs < 2;
                if cardinality(full_classes) > 0 then said := concat(said, ',"limited":', to_json(full_classes)); end if;
              end;
            end if;
            while place is null and cardinality(front_classes) > 0 loop
              best := 1;
              for other in 2..cardinality(front_classes) loop
                if (front_priorities[other], front_times[other]) < (front_priorities[best], front_times[best]) then
                  best := other;
                end if;
              end loop;
              in_class := front_classes[best];
              select r.ctid, r.turn, r.limit_key, r.tasks into place, in_turn, key, parcel
              from jobmachine.ready r
              where r.class_id = in_class and r.priority = front_priorities[best]
                and r.run_after >= front_times[best] and r.run_after <= now()
              order by r.run_after, r.ready_id limit 1 for update skip locked;
              if not found then
                front_classes := front_classes[:best - 1] || front_classes[best + 1:];
                front_priorities := front_priorities[:best - 1] || front_priorities[best + 1:];
                front_times := front_times[:best - 1] || front_times[best + 1:];
              elsif stale > 0 then
                -- Behind a task that was over: a million may have been cancelled at once. What is left after some parcels of
                -- them is for the next call.
                parcel := array(
                  select p.id from unnest(parcel) with ordinality as p (id, n)
                  where exists (select from jobmachine.task t where t.task_id = p.id and t.turn = in_turn and t.status + 0 = 0)
                  order by p.n
                );
                if cardinality(parcel) = 0 then
                  delete from jobmachine.ready r where r.ctid = place;
                  place := null;
                  stale := stale + 1;
                  if stale > ${PARCELS} then
                    said := concat(said, ',"more":true');
                    exit search;
                  end if;
                end if;
              end if;
            end loop;
            exit when place is null;
          end if;

          -- Locked, the row stays where it is.
          if cardinality(parcel) = 1 then
            delete from jobmachine.ready r where r.ctid = place;
          else
            update jobmachine.ready r set tasks = parcel[2:] where r.ctid = place;
          end if;
          -- The row that held the task before holds the next one.
          update jobmachine.held h set class_id = in_class, turn = in_turn, limit_key = key, tasks = parcel[:1]
          from jobmachine.task t
          where h.held_id = drained[1] and h.worker_id + 0 = worker
            and t.task_id = parcel[1] and t.turn = in_turn and t.status + 0 = 0
          returning concat('{"n":', coalesce(n, 0), ',"task":', json_build_array(t.task_id, t.class_id, t.turn, t.attempt + 1,
            t.parameters, t.max_attempts, t.timeout, t.priority, h.held_id), said, ',"alone":', alone::text, '}') into answer;
          if answer is null then
            with held as (
              insert into jobmachine.held (worker_id, class_id, turn, limit_key, tasks)
              select worker, in_class, in_turn, key, parcel[:1] from jobmachine.task t
              where t.task_id = parcel[1] and t.turn = in_turn and t.status + 0 = 0
              returning held_id
            )
            select concat('{"n":', coalesce(n, 0), ',"task":', json_build_array(t.task_id, t.class_id, t.turn, t.attempt + 1,
              t.parameters, t.max_attempts, t.timeout, t.priority, h.held_id), said, ',"alone":', alone::text, '}') into answer
            from held h, jobmachine.task t where t.task_id = parcel[1];
          elsif cardinality(drained) > 1 then
            delete from jobmachine.held h where h.held_id = any (drained[2:]) and h.worker_id + 0 = worker;
          end if;
          if answer is not null then return answer; end if;
          place := null;
          stale := coalesce(stale, 0) + 1;
        end loop;
      end search;
      if cardinality(drained) > 0 then
        delete from jobmachine.held h where h.held_id = any (drained) and h.worker_id + 0 = worker;
      end if;
      return concat('{"n":', coalesce(n, 0), said, ',"alone":', alone::text, '}');
    end $$;

    create or replace function jobmachine.task_again() returns trigger language plpgsql as $$
    begin
      if old.status = 0 and new.turn = old.turn and new.run_after = old.run_after and new.priority = old.priority
        and new.class_id = old.class_id and new.blocked = old.blocked and new.limit_key is not distinct from old.limit_key then
        return new;
      end if;
      new.turn := old.turn + 1;
      if old.status >= 200 then
        insert into jobmachine.tally_delta (class_id, status, kept, ended) values (old.class_id, old.status, -1, 0);
      end if;
      if new.blocked = 0 then
        insert into jobmachine.ready (class_id, priority, run_after, turn, limit_key, tasks)
        values (new.class_id, new.priority, new.run_after, new.turn, new.limit_key, array[new.task_id]);
        perform jobmachine.wake();
      end if;
      return new;
    end $$;
    -- A long condition is read again for each statement, also for those that end a task.
    drop trigger task_written_again on jobmachine.task;
    create trigger task_written_again before update on jobmachine.task
      for each row when (new.status = 0) execute function jobmachine.task_again();
  `)
}

/** The condition as it was in 0003. What the function does more then, it does without effect. */
export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop trigger task_written_again on jobmachine.task;
    create trigger task_written_again before update on jobmachine.task
      for each row when (new.status = 0 and (old.status <> 0 or new.turn <> old.turn
        or new.run_after <> old.run_after or new.priority <> old.priority or new.class_id <> old.class_id
        or new.blocked <> old.blocked or new.limit_key is distinct from old.limit_key))
      execute function jobmachine.task_again();
    drop function jobmachine.end_and_claim;
  `)
}
