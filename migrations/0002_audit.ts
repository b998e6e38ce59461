import type { Knex } from 'knex'

/**
 * Who did what, when, by which door. Rows are only ever added; they refer to nodes and users by value, since they
 * outlive both. Each filter of the list has its index, in the order of the list.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table djet.audit (
      id bigint generated always as identity primary key,
      at timestamptz(3) not null default clock_timestamp(),
      login text,
      door text not null check (door in ('page', 'api', 'cli', 'job', 'system')),
      via text,
      action text not null,
      subject text,
      node_id integer,
      node_path text collate "C",
      data jsonb
    );
    comment on column djet.audit.login is 'who; null: a visitor, or the system itself';
    comment on column djet.audit.via is 'which command or task it was';
    create index audit_at on djet.audit (at, id);
    create index audit_action on djet.audit (action, at, id);
    create index audit_login on djet.audit (login, at, id);
    create index audit_door on djet.audit (door, at, id);
    create index audit_node on djet.audit (node_id, at, id) where node_id is not null;
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table djet.audit')
}
