import type { Knex } from 'knex'

/**
 * What clients of Job::Machine may write: `run_after` null means now, and `attempt` must leave room to count on,
 * since one task that cannot be claimed would hold up all.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create function jobmachine.task_written() returns trigger language plpgsql as $$
    begin
      if new.attempt not between 0 and 1000000 then
        raise exception 'attempt of a task must be from 0 to 1000000' using errcode = 'check_violation';
      end if;
      new.run_after := coalesce(new.run_after, now());
      return new;
    end $$;
    create trigger task_written before insert or update of run_after on jobmachine.task
      for each row when (new.run_after is null or new.attempt not between 0 and 1000000)
      execute function jobmachine.task_written();
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop trigger task_written on jobmachine.task;
    drop function jobmachine.task_written;
  `)
}
