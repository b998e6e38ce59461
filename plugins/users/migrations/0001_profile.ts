import type { Knex } from 'knex'

/** Joins a user's node and account: whichever is deleted takes the other with it. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create schema if not exists users;
    create table users.profile (
      node_id integer primary key references djet.node (id) on delete cascade,
      account_id integer not null unique references djet.account (id) on delete cascade
    );
    create function users.remove_account() returns trigger language plpgsql as $$
    begin
      if exists (select from djet.account where id = old.account_id and 'admin' = any (roles) and enabled)
        and not exists (select from djet.account where id <> old.account_id and 'admin' = any (roles) and enabled)
      then
        raise exception 'the last administrator cannot be deleted' using errcode = 'DJ003';
      end if;
      delete from djet.account where id = old.account_id;
      return null;
    end $$;
    create trigger profile_removed after delete on users.profile
      for each row execute function users.remove_account();
    create index account_admin on djet.account (login) where 'admin' = any (roles);
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop index djet.account_admin;
    drop schema users cascade;
  `)
}
