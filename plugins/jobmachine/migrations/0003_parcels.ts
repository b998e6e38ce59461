import type { Knex } from 'knex'

/**
 * The hot part of the queue, apart from the record: `ready` holds parcels of waiting tasks, up to 64 of one class,
 * priority and time in a row; `held` what workers have taken of them. A claim moves a parcel from one to the
 * other and leaves the rows of its tasks alone, so that a task costs one update in its life, at its end.
 *
 * `turn` counts how often a task was put up: a parcel, and whoever runs the task, is of account only while its
 * turn is that of the row. Whatever makes a task wait again (a retry, a dead worker, SQL by hand) goes through
 * the trigger `task_again`, which gives it its next turn and a new parcel.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table jobmachine.task
      add column turn integer not null default 0,
      add column blocked integer not null default 0,
      add column limit_key text;
    comment on column jobmachine.task.turn is 'how often it was put up; fences late writes';
    comment on column jobmachine.task.blocked is 'tasks it still waits for';
    comment on column jobmachine.task.limit_key is 'tasks of a class with the same key share its limits';

    create table jobmachine.ready (
      class_id integer not null,
      priority smallint not null,
      run_after timestamptz not null,
      ready_id bigserial,
      turn integer not null,
      limit_key text,
      tasks bigint[] not null,
      primary key (class_id, priority, run_after, ready_id)
    ) with (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 500,
            autovacuum_vacuum_cost_delay = 0);

    create table jobmachine.held (
      held_id bigserial primary key,
      worker_id integer not null,
      class_id integer not null,
      turn integer not null,
      limit_key text,
      tasks bigint[] not null,
      created timestamptz not null default now()
    ) with (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 500,
            autovacuum_vacuum_cost_delay = 0);
    create index held_worker on jobmachine.held (worker_id);
    create index held_class on jobmachine.held (class_id, limit_key);

    -- Ends of tasks as they come, folded into tally and kept by housekeeping: nobody waits for a row to count in.
    create table jobmachine.tally_delta (
      delta_id bigserial primary key,
      class_id integer not null,
      status smallint not null,
      bucket smallint,
      kept integer not null,
      ended integer not null,
      wait_ms double precision not null default 0,
      run_ms double precision not null default 0,
      at timestamptz not null default now()
    );
    comment on column jobmachine.tally_delta.kept is 'change of the number of rows of that status';
    comment on column jobmachine.tally_delta.ended is 'attempts that ended; status 0: failed and tried again';
    create table jobmachine.tally (
      class_id integer not null,
      minute timestamptz not null,
      status smallint not null,
      bucket smallint not null,
      ended bigint not null,
      wait_ms double precision not null,
      run_ms double precision not null,
      primary key (minute, class_id, status, bucket)
    );
    create table jobmachine.kept (
      class_id integer not null,
      status smallint not null,
      n bigint not null,
      primary key (class_id, status)
    );
    insert into jobmachine.kept select class_id, status, count(*) from jobmachine.task where status >= 200 group by 1, 2;

    -- Upper bounds, in milliseconds, of the buckets that durations are counted in.
    create function jobmachine.bucket(ms double precision) returns smallint language sql immutable as $$
      select width_bucket(ms, array[5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000, 300000, 1800000]::float8[])::smallint
    $$;

    -- Who sends by the plugin's own functions wakes the workers after the commit: NOTIFY inside a transaction makes
    -- all commits of the database wait for one another.
    create function jobmachine.wake() returns void language plpgsql as $$
    begin
      if current_setting('jobmachine.quiet', true) is distinct from 'on' then
        perform pg_notify('jobmachine', '');
      end if;
    end $$;

    create or replace function jobmachine.task_sent() returns trigger language plpgsql as $$
    begin
      if exists (select from (select distinct class_id from sent) as s
          where not exists (select from jobmachine.class c where c.class_id = s.class_id)) then
        raise exception 'a task needs a class_id of jobmachine.class' using errcode = 'foreign_key_violation';
      end if;
      insert into jobmachine.ready (class_id, priority, run_after, turn, limit_key, tasks)
      select class_id, priority, run_after, turn, limit_key, array_agg(task_id order by task_id)
      from sent where status = 0 and blocked = 0
      group by class_id, priority, run_after, turn, limit_key, task_id / 64
      order by min(task_id);
      perform jobmachine.wake();
      return null;
    end $$;

    create function jobmachine.task_again() returns trigger language plpgsql as $$
    begin
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
    create trigger task_written_again before update on jobmachine.task
      for each row when (new.status = 0 and (old.status <> 0 or new.turn <> old.turn
        or new.run_after <> old.run_after or new.priority <> old.priority or new.class_id <> old.class_id
        or new.blocked <> old.blocked or new.limit_key is distinct from old.limit_key))
      execute function jobmachine.task_again();

    create function jobmachine.task_removed() returns trigger language plpgsql as $$
    begin
      insert into jobmachine.tally_delta (class_id, status, kept, ended)
      select class_id, status, -count(*), 0 from removed where status >= 200 group by class_id, status;
      return null;
    end $$;
    create trigger task_removed after delete on jobmachine.task
      referencing old table as removed for each statement execute function jobmachine.task_removed();

    create function jobmachine.task_truncated() returns trigger language plpgsql as $$
    begin
      truncate jobmachine.ready, jobmachine.held, jobmachine.tally_delta, jobmachine.kept;
      return null;
    end $$;
    create trigger task_truncated after truncate on jobmachine.task
      for each statement execute function jobmachine.task_truncated();

    -- What runs at an update of the program goes back; tasks that wait get their parcels.
    update jobmachine.task set status = 0, worker_id = null, started = null
    where status = 100 and class_id is distinct from (select class_id from jobmachine.class where name = 'jobmachine.batch');
    insert into jobmachine.ready (class_id, priority, run_after, turn, tasks)
    select class_id, priority, run_after, turn, array_agg(task_id order by task_id)
    from jobmachine.task where status = 0
    group by class_id, priority, run_after, turn, task_id / 64;

    drop index jobmachine.task_ready;
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop trigger task_written_again on jobmachine.task;
    drop trigger task_removed on jobmachine.task;
    drop trigger task_truncated on jobmachine.task;
    drop function jobmachine.task_again, jobmachine.task_removed, jobmachine.task_truncated;
    create or replace function jobmachine.task_sent() returns trigger language plpgsql as $$
    begin
      if exists (select from (select distinct class_id from sent) as s
          where not exists (select from jobmachine.class c where c.class_id = s.class_id)) then
        raise exception 'a task needs a class_id of jobmachine.class' using errcode = 'foreign_key_violation';
      end if;
      perform pg_notify('jobmachine', '');
      return null;
    end $$;
    drop function jobmachine.wake, jobmachine.bucket;
    drop table jobmachine.ready, jobmachine.held, jobmachine.tally_delta, jobmachine.tally, jobmachine.kept;
    alter table jobmachine.task drop column turn, drop column blocked, drop column limit_key;
    create index task_ready on jobmachine.task (priority, run_after, task_id) where status = 0;
  `)
}
