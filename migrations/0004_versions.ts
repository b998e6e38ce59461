import type { Knex } from 'knex'

/**
 * What a node was before each save, drafts on top of it, and whether it is published. The current state stays in
 * `djet.node` alone and is kept when it is replaced: making a node costs nothing more.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create type djet.node_status as enum ('published', 'draft', 'unpublished');
    alter table djet.node
      add column status djet.node_status not null default 'published',
      add column publish_at timestamptz,
      add column unpublish_at timestamptz,
      add column note text;

    create table djet.node_version (
      node_id integer not null references djet.node (id) on delete cascade,
      version integer not null,
      -- 0: a state the node itself had; else the how-manieth draft on top of it
      draft integer not null default 0,
      -- the draft that is worked on; others are history
      open boolean not null default false,
      basetype text not null,
      part text collate "C" not null,
      name text not null,
      title text not null,
      data jsonb not null,
      acl jsonb,
      status djet.node_status not null,
      saved timestamptz not null default now(),
      saved_by text,
      note text,
      primary key (node_id, version, draft),
      check (not open or draft > 0)
    );
    create unique index node_draft on djet.node_version (node_id) where open;

    -- For SQL that changes nodes: keeps what they are now, before it changes them.
    create function djet.keep_version(ids integer[]) returns void language sql as $$
      insert into djet.node_version (node_id, version, basetype, part, name, title, data, acl, status, saved, saved_by, note)
      select id, version, basetype, part, name, title, data, acl, status, modified, modified_by, note
      from djet.node where id = any (ids)
      on conflict do nothing
    $$;

    -- The status is in the index so that lists pass over what is hidden without reading it.
    drop index djet.node_children;
    drop index djet.node_children_newest;
    create index node_children on djet.node (parent_id, position, id, status);
    create index node_children_newest on djet.node (parent_id, id desc, status);
    create index node_publish_at on djet.node (publish_at) where publish_at is not null;
    create index node_unpublish_at on djet.node (unpublish_at) where unpublish_at is not null;
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop index djet.node_publish_at, djet.node_unpublish_at, djet.node_children, djet.node_children_newest;
    create index node_children on djet.node (parent_id, position, id);
    create index node_children_newest on djet.node (parent_id, id desc);
    drop function djet.keep_version;
    drop table djet.node_version;
    alter table djet.node drop column status, drop column publish_at, drop column unpublish_at, drop column note;
    drop type djet.node_status;
  `)
}
