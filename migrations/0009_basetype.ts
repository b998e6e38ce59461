import type { Knex } from 'knex'

/**
 * Basetypes that are made on the site instead of in code. All states a type ever had are kept, also when it is
 * deleted. Whoever changes one, by whatever door, notifies `djet_basetype`.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table djet.basetype (
      name text collate "C" primary key check (name ~ '^[a-z][a-z0-9-]{0,59}$'),
      version integer not null default 1,
      definition jsonb not null check (jsonb_typeof(definition) = 'object'),
      -- the plugin that brings a type of this name now; the row waits until it is gone
      taken_over text,
      created timestamptz not null default now(),
      created_by text,
      modified timestamptz not null default now(),
      modified_by text
    );
    create table djet.basetype_version (
      name text collate "C" not null,
      version integer not null,
      definition jsonb not null,
      saved timestamptz not null default now(),
      saved_by text,
      note text,
      primary key (name, version)
    );
    create function djet.basetype_changed() returns trigger language plpgsql as $$
    begin
      perform pg_notify('djet_basetype', '');
      return null;
    end $$;
    create trigger basetype_changed after insert or update or delete on djet.basetype
      for each statement execute function djet.basetype_changed();
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop table djet.basetype_version, djet.basetype;
    drop function djet.basetype_changed;
  `)
}
