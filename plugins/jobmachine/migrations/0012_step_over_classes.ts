import type { Knex } from 'knex'

/** @param next what the loop over classes and priorities does with one that it has found */
const finishAndClaim = (next: string): string => `
    create or replace function jobmachine.finish_and_claim(
      worker integer, id bigint, held_turn integer, of_attempt integer, ran double precision,
      retention double precision, announce boolean, value text, drained bigint[], classes integer[], limits integer[],
      out n integer, out parents json, out needed json,
      out tasks text, out parcels json, out more boolean, out limited json
    ) language plpgsql as $$
    declare
      ended record;
      front record;
      parcel record;
      taken record;
      last_class integer := -2147483648;
      last_priority integer := -32768;
      fronts integer[] := '{}';
      best integer;
      priorities integer[] := '{}';
      times timestamptz[] := '{}';
      full_classes integer[] := '{}';
      new_id bigint;
    begin
      update jobmachine.task t
      set status = 200, attempt = of_attempt, worker_id = worker,
        started = coalesce(case when t.status = 100 then t.started end, now() - ran * interval '1 millisecond'),
        finished = now(), modified = now(),
        remove_after = coalesce(t.remove_after, now() + retention * interval '1 millisecond')
      where t.task_id = id and t.turn = held_turn and t.status + 0 in (0, 100)
      returning t.class_id, t.reply, t.parent_id, t.dependents,
        greatest(0, date_part('epoch', t.started - greatest(t.created, t.run_after)) * 1000) as waited
      into ended;
      n := case when found then 1 else 0 end;
      if n = 1 then
        if value is not null then
          insert into jobmachine.result (task_id, result, resulttype) values (id, value, 'application/json');
        end if;
        insert into jobmachine.tally_delta (class_id, status, bucket, kept, ended, wait_ms, run_ms)
        values (ended.class_id, 200, jobmachine.bucket(ran), 1, 1, ended.waited, ran);
        if ended.reply then perform pg_notify('jmr:' || id, id::text); end if;
        if announce then perform pg_notify('jobmachine_task', id::text); end if;
        if ended.parent_id is not null then parents := json_build_array(ended.parent_id); end if;
        if ended.dependents then needed := json_build_array(id); end if;
      end if;
      loop
        select r.class_id, r.priority, r.run_after into front from jobmachine.ready r
        where (r.class_id, r.priority) > (last_class, last_priority)
        order by r.class_id, r.priority, r.run_after limit 1;
        exit when not found;
        ${next}
        if front.class_id = any (limits) then
          if not (front.class_id = any (full_classes)) then full_classes := full_classes || front.class_id; end if;
          continue;
        end if;
        continue when exists (select from jobmachine.class c where c.class_id = front.class_id and c.paused);
        fronts := fronts || front.class_id;
        priorities := priorities || front.priority::integer;
        times := times || front.run_after;
      end loop;
      if cardinality(full_classes) > 0 then limited := to_json(full_classes); end if;
      more := false;

      while cardinality(fronts) > 0 loop
        best := 1;
        for other in 2..cardinality(fronts) loop
          if (priorities[other], times[other]) < (priorities[best], times[best]) then best := other; end if;
        end loop;
        select r.* into parcel from jobmachine.ready r
        where r.class_id = fronts[best] and r.priority = priorities[best]
          and r.run_after >= times[best] and r.run_after <= now()
        order by r.run_after, r.ready_id limit 1 for update skip locked;
        if not found then
          fronts := fronts[:best - 1] || fronts[best + 1:];
          priorities := priorities[:best - 1] || priorities[best + 1:];
          times := times[:best - 1] || times[best + 1:];
          continue;
        end if;
        if cardinality(parcel.tasks) = 1 then
          delete from jobmachine.ready r where r.class_id = parcel.class_id and r.priority = parcel.priority
            and r.run_after = parcel.run_after and r.ready_id = parcel.ready_id;
        else
          update jobmachine.ready r set tasks = parcel.tasks[2:] where r.class_id = parcel.class_id
            and r.priority = parcel.priority and r.run_after = parcel.run_after and r.ready_id = parcel.ready_id;
        end if;
        select t.* into taken from jobmachine.task t
        where t.task_id = parcel.tasks[1] and t.turn = parcel.turn and t.status + 0 = 0;
        continue when not found;
        -- The row that held the task before holds the next one.
        if cardinality(drained) > 0 then
          update jobmachine.held h
          set class_id = parcel.class_id, turn = parcel.turn, limit_key = parcel.limit_key, tasks = array[taken.task_id]
          where h.held_id = drained[1] and h.worker_id + 0 = worker
          returning h.held_id into new_id;
        end if;
        if new_id is null then
          insert into jobmachine.held (worker_id, class_id, turn, limit_key, tasks)
          values (worker, parcel.class_id, parcel.turn, parcel.limit_key, array[taken.task_id])
          returning held_id into new_id;
        elsif cardinality(drained) > 1 then
          delete from jobmachine.held h where h.held_id = any (drained[2:]) and h.worker_id + 0 = worker;
        end if;
        tasks := json_build_array(json_build_array(taken.task_id, taken.class_id, taken.turn, taken.attempt + 1,
          taken.parameters, taken.max_attempts, taken.timeout, taken.priority, new_id))::text;
        parcels := json_build_array(new_id);
        more := true;
        return;
      end loop;
      if cardinality(drained) > 0 then
        delete from jobmachine.held h where h.held_id = any (drained) and h.worker_id + 0 = worker;
      end if;
    end $$;`

/**
 * The function of 0008, which now steps over the classes that its worker does not run: from the first of those it goes
 * to the next class that is wanted, however many classes and priorities of others lie between.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(
    finishAndClaim(`if not (front.class_id = any (classes)) then
          -- To the next class that is wanted: what lies between may be a thousand classes of others.
          select min(c) - 1 into last_class from unnest(classes) as c where c > front.class_id;
          exit when last_class is null;
          last_priority := 32767;
          continue;
        end if;
        last_class := front.class_id;
        last_priority := front.priority;
        continue when front.run_after > now();`),
  )
}

/** As it was in 0008. */
export async function down(knex: Knex): Promise<void> {
  await knex.raw(
    finishAndClaim(`last_class := front.class_id;
        last_priority := front.priority;
        continue when front.run_after > now() or not (front.class_id = any (classes));`),
  )
}
