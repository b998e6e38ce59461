import type { Knex } from 'knex'

/** A hash that no password fits. */
const NOBODYS =
  '$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'

/** Sessions can be told apart by whom they belong to; an account may wait for its first password. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table djet.session
      add column id bigint generated always as identity,
      add column address text,
      add column user_agent text;
    create unique index session_id on djet.session (id);
    drop index djet.session_account;
    create index session_account on djet.session (account_id, seen desc);
    alter table djet.account alter column password_hash drop not null;
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    update djet.account set password_hash = '${NOBODYS}' where password_hash is null;
    alter table djet.account alter column password_hash set not null;
    drop index djet.session_account;
    create index session_account on djet.session (account_id);
    drop index djet.session_id;
    alter table djet.session drop column id, drop column address, drop column user_agent;
  `)
}
