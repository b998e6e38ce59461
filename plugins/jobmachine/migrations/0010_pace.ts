import type { Knex } from 'knex'

/** What ended by half hours, without durations: a chart of days need not read every minute of them. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table jobmachine.pace (
      at timestamptz not null,
      class_id integer not null,
      status smallint not null,
      ended bigint not null,
      wait_ms double precision not null,
      run_ms double precision not null,
      primary key (at, class_id, status)
    );
    insert into jobmachine.pace
    select date_bin('30 minutes', minute, 'epoch'), class_id, status, sum(ended), sum(wait_ms), sum(run_ms)
    from jobmachine.tally where minute > now() - interval '30 days' group by 1, 2, 3;
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table jobmachine.pace')
}
