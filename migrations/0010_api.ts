import type { Knex } from 'knex'

/** Tokens of programs, and answers that are given again to a program that asks twice with the same key. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table djet.api_token (
      id bigint generated always as identity primary key,
      account_id integer not null references djet.account (id) on delete cascade,
      name text not null,
      -- SHA-256; the token itself is kept nowhere
      hash bytea not null unique,
      start text not null,
      scopes text[] not null,
      created timestamptz not null default now(),
      expires timestamptz,
      last_used timestamptz
    );
    create index api_token_account on djet.api_token (account_id, id);
    create index api_token_expires on djet.api_token (expires) where expires is not null;

    create table djet.api_answer (
      account_id integer not null references djet.account (id) on delete cascade,
      key text not null,
      -- SHA-256 of method, address and body
      request bytea not null,
      -- null only within the transaction that carries the request out
      body text,
      created timestamptz not null default now(),
      primary key (account_id, key)
    );
    create index api_answer_created on djet.api_answer (created);
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table djet.api_answer, djet.api_token')
}
