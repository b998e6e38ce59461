import type { Knex } from 'knex'

/**
 * What nodes are found by, in a table of its own: indexes on `djet.node` are written anew with whatever changes a
 * node, and those on names and titles were a third of what moving a large subtree wrote. Here nothing is written but
 * when a name or a title changes. A million nodes are read and indexed once: some ten seconds, in which nodes cannot be
 * changed.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    lock table djet.node in share row exclusive mode;
    create schema admin;
    create table admin.found_by (
      key text collate "C" not null,
      node_id integer not null
    );
    comment on table admin.found_by is 'name of each node, and its title where that is another; kept by triggers';

    create function admin.note_names(ids integer[]) returns void language sql as $$
      insert into admin.found_by (key, node_id)
      select left(lower(name), 200), id from djet.node where id = any (ids)
      union
      select left(lower(title), 200), id from djet.node where id = any (ids)
      on conflict do nothing
    $$;

    create function admin.node_inserted() returns trigger language plpgsql as $$
    begin
      insert into admin.found_by (key, node_id) select left(lower(name), 200), id from made;
      insert into admin.found_by (key, node_id) select left(lower(title), 200), id from made
      where title <> name and left(lower(title), 200) <> left(lower(name), 200);
      return null;
    end $$;
    create trigger admin_node_inserted after insert on djet.node
      referencing new table as made for each statement execute function admin.node_inserted();

    create function admin.node_renamed() returns trigger language plpgsql as $$
    begin
      delete from admin.found_by where node_id = new.id;
      perform admin.note_names(array[new.id]);
      return null;
    end $$;
    create trigger admin_node_renamed after update of name, title on djet.node
      for each row when (old.name <> new.name or old.title <> new.title) execute function admin.node_renamed();

    create function admin.node_deleted() returns trigger language plpgsql as $$
    begin
      -- By an array: the plan that is kept is one by the index, however many there were the first time.
      delete from admin.found_by where node_id = any (array(select id from gone));
      return null;
    end $$;
    create trigger admin_node_deleted after delete on djet.node
      referencing old table as gone for each statement execute function admin.node_deleted();

    insert into admin.found_by (key, node_id)
    select left(lower(name), 200), id from djet.node
    union all
    select left(lower(title), 200), id from djet.node
    where title <> name and left(lower(title), 200) <> left(lower(name), 200);
    alter table admin.found_by add primary key (key, node_id);
    create index found_by_node on admin.found_by (node_id);
    analyze admin.found_by;

    drop index djet.node_admin_name, djet.node_admin_title;
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop trigger admin_node_inserted on djet.node;
    drop trigger admin_node_renamed on djet.node;
    drop trigger admin_node_deleted on djet.node;
    drop schema admin cascade;
    create index node_admin_name on djet.node (left(lower(name), 200) collate "C", id) where trash_id is null;
    create index node_admin_title on djet.node (left(lower(title), 200) collate "C", id) where trash_id is null;
  `)
}
