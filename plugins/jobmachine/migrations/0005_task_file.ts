import type { Knex } from 'knex'

/** Files that were uploaded as parameters of a task. They go with it. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table jobmachine.task_file (
      task_id bigint not null references jobmachine.task (task_id) on delete cascade,
      file_id uuid not null references djet.file (id) on delete cascade,
      primary key (task_id, file_id)
    );
    create index task_file_file on jobmachine.task_file (file_id);

    create function jobmachine.task_file_removed() returns trigger language plpgsql as $$
    begin
      delete from djet.file where id in (select r.file_id from removed r);
      return null;
    end $$;
    create trigger task_file_removed after delete on jobmachine.task_file
      referencing old table as removed for each statement execute function jobmachine.task_file_removed();
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop table jobmachine.task_file;
    drop function jobmachine.task_file_removed;
  `)
}
