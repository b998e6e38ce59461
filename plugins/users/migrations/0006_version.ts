import type { Knex } from 'knex'

/** Counts what was changed of an account, by whatever door: two who change one user at a time are told. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table users.profile add column version integer not null default 1;
    create function users.count_change() returns trigger language plpgsql as $$
    begin
      update users.profile set version = version + 1 where account_id = new.id;
      return null;
    end $$;
    create trigger account_counted after update of roles, enabled, password_hash on djet.account
      for each row when (old.roles is distinct from new.roles or old.enabled is distinct from new.enabled
        or (old.password_hash is null) is distinct from (new.password_hash is null))
      execute function users.count_change();
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop trigger account_counted on djet.account;
    drop function users.count_change;
    alter table users.profile drop column version;
  `)
}
