import type { Knex } from 'knex'

/**
 * Files whose bytes are kept outside of the database. What is to be removed there is noted when a file is deleted, in
 * the same transaction, and before one is written, outside of it, so that a rollback leaves nothing behind.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table djet.file add column store text not null default 'database' check (store in ('database', 's3'));

    create table djet.file_object_removal (
      id uuid primary key,
      due timestamptz not null
    );
    create index file_object_removal_due on djet.file_object_removal (due);

    create function djet.file_object_deleted() returns trigger language plpgsql as $$
    begin
      insert into djet.file_object_removal (id, due) values (old.id, now())
        on conflict (id) do update set due = excluded.due;
      return null;
    end $$;
    create trigger file_object_deleted after delete on djet.file
      for each row when (old.store <> 'database') execute function djet.file_object_deleted();
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop trigger file_object_deleted on djet.file;
    drop function djet.file_object_deleted();
    drop table djet.file_object_removal;
    alter table djet.file drop column store;
  `)
}
