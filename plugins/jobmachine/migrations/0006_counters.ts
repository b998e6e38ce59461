import type { Knex } from 'knex'

/**
 * Counters that a page reads instead of counting: what ended since the beginning, how many wait. `tally` has the same
 * ends by minute and hour, and loses them with time.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table jobmachine.ended (
      class_id integer not null,
      status smallint not null,
      bucket smallint not null,
      ended bigint not null,
      wait_ms double precision not null,
      run_ms double precision not null,
      primary key (class_id, status, bucket)
    ) with (fillfactor = 50);
    insert into jobmachine.ended
    select class_id, status, bucket, sum(ended), sum(wait_ms), sum(run_ms)
    from jobmachine.tally group by class_id, status, bucket;

    create table jobmachine.waiting (
      class_id integer primary key,
      n bigint not null,
      counted timestamptz not null
    ) with (fillfactor = 50);
    comment on table jobmachine.waiting is 'how many waited when they were last counted: there may be too many to count for a page';

    -- Every row of tally_delta up to here has been folded, unless a straggler was committed late. Where an old
    -- transaction keeps dead rows from being removed, nobody need step over them again and again.
    create table jobmachine.folded (
      one boolean primary key default true check (one),
      delta_id bigint not null
    ) with (fillfactor = 10);
    insert into jobmachine.folded (delta_id) values (0);
    alter table jobmachine.tally_delta set (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000,
      autovacuum_vacuum_cost_delay = 0);

    create index task_requested on jobmachine.task (requested_by, task_id) where requested_by is not null;
    create index task_blocked on jobmachine.task (class_id) where blocked > 0 and status = 0;
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop index jobmachine.task_blocked;
    drop index jobmachine.task_requested;
    alter table jobmachine.tally_delta reset (autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold,
      autovacuum_vacuum_cost_delay);
    drop table jobmachine.folded, jobmachine.waiting, jobmachine.ended;
  `)
}
