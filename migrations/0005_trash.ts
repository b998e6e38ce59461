import type { Knex } from 'knex'

/**
 * The trash. A trashed subtree stays in `djet.node`, so that nothing that refers to it is lost, but out of everybody's
 * way: its paths begin with `trash:` instead of `/`, its basetypes with `~`, and its top has no parent. Whatever looks
 * for nodes by path, by parent or by basetype, unique indexes of plugins included, does not meet it.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table djet.node
      add column trash_id integer,
      drop constraint node_check,
      add constraint node_root check (trash_id is not null or (parent_id is null) = (part = ''));

    create table djet.trash (
      id integer generated always as identity primary key,
      node_id integer not null unique references djet.node (id) on delete cascade,
      -- where it stood; that node may be gone, so it is no foreign key
      parent_id integer not null,
      part text collate "C" not null,
      path text collate "C" not null,
      basetype text not null,
      name text not null,
      title text not null,
      acl jsonb,
      nodes integer not null,
      trashed timestamptz not null default now(),
      trashed_by text
    );
    create index trash_trashed on djet.trash (trashed);

    create or replace function djet.node_path() returns trigger language plpgsql as $$
    declare
      above text;
    begin
      -- Moves wait for running inserts and the other way round: an insert below a node that is being moved
      -- would keep the old path.
      if tg_op = 'INSERT' then
        perform pg_advisory_xact_lock_shared(hashtext('djet.node'), 0);
      elsif new.parent_id is distinct from old.parent_id or new.part <> old.part then
        perform pg_advisory_xact_lock(hashtext('djet.node'), 0);
      else
        return new;
      end if;
      if new.trash_id is not null then
        -- Who trashes a node gives it its path.
        return new;
      end if;
      if new.parent_id is null then
        new.path := '/';
        return new;
      end if;
      select path into above from djet.node where id = new.parent_id and trash_id is null;
      if above is null then
        raise exception 'parent % does not exist', new.parent_id using errcode = 'foreign_key_violation';
      end if;
      if tg_op = 'UPDATE' and (above = old.path or starts_with(above, old.path || '/')) then
        raise exception 'node % cannot be moved below itself', old.path using errcode = 'DJ001';
      end if;
      new.path := case above when '/' then '/' else above || '/' end || new.part;
      perform djet.check_path(new.path);
      return new;
    end $$;

    create function djet.check_path(path text) returns void language plpgsql as $$
    begin
      if octet_length(path) > 2000 then
        raise exception 'path of % octets is longer than 2000', octet_length(path) using errcode = 'DJ002';
      end if;
      if octet_length(path) - octet_length(replace(path, '/', '')) > 64 then
        raise exception 'path has more than 64 levels' using errcode = 'DJ004';
      end if;
    end $$;

    create or replace function djet.node_subtree_path() returns trigger language plpgsql as $$
    declare
      longest text;
      deepest text;
    begin
      -- '0' is the character after '/': the subtree is one range of the path index.
      select (array_agg(path order by octet_length(path) desc))[1],
        (array_agg(path order by octet_length(path) - octet_length(replace(path, '/', '')) desc))[1]
      into longest, deepest
      from djet.node where path > old.path || '/' and path < old.path || '0'
        and (octet_length(path) + octet_length(new.path) - octet_length(old.path) > 2000
          or octet_length(path) - octet_length(replace(path, '/', ''))
            + octet_length(replace(old.path, '/', '')) - octet_length(old.path)
            + octet_length(new.path) - octet_length(replace(new.path, '/', '')) > 64);
      if longest is not null then
        perform djet.check_path(new.path || substr(longest, length(old.path) + 1));
        perform djet.check_path(new.path || substr(deepest, length(old.path) + 1));
      end if;
      update djet.node set path = new.path || substr(path, length(old.path) + 1)
      where path > old.path || '/' and path < old.path || '0';
      return null;
    end $$;
    drop trigger node_subtree_path on djet.node;
    create trigger node_subtree_path after update of parent_id, part on djet.node
      for each row when (old.path is distinct from new.path and old.trash_id is not distinct from new.trash_id)
      execute function djet.node_subtree_path();

    -- As before, but many changes at once are told without being counted.
    create or replace function djet.node_changed() returns trigger language plpgsql as $$
    declare
      ids integer[];
      parents integer[];
      many boolean;
    begin
      if tg_op = 'DELETE' then
        select count(*) > 300 into many from (select from before_change limit 301) as few;
      else
        select count(*) > 300 into many from (select from changed limit 301) as few;
      end if;
      if many then
        perform pg_notify('djet_node', '{"all":true}');
        return null;
      end if;
      if tg_op = 'INSERT' then
        select array_agg(id), array_agg(distinct parent_id) into ids, parents from changed;
      elsif tg_op = 'DELETE' then
        select array_agg(id), array_agg(distinct parent_id) into ids, parents from before_change;
      else
        select array_agg(id), array_agg(distinct parent_id) into ids, parents
        from (select id, parent_id from changed union select id, parent_id from before_change) as both_sides;
      end if;
      if ids is not null then
        perform pg_notify('djet_node',
          json_build_object('nodes', ids, 'parents', array_remove(parents, null))::text);
      end if;
      return null;
    end $$;
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    delete from djet.node where trash_id is not null;
    drop table djet.trash;
    create or replace function djet.node_path() returns trigger language plpgsql as $$
    declare
      above text;
    begin
      if tg_op = 'INSERT' then
        perform pg_advisory_xact_lock_shared(hashtext('djet.node'), 0);
      elsif new.parent_id is distinct from old.parent_id or new.part <> old.part then
        perform pg_advisory_xact_lock(hashtext('djet.node'), 0);
      else
        return new;
      end if;
      if new.parent_id is null then
        new.path := '/';
        return new;
      end if;
      select path into above from djet.node where id = new.parent_id;
      if above is null then
        raise exception 'parent % does not exist', new.parent_id using errcode = 'foreign_key_violation';
      end if;
      if tg_op = 'UPDATE' and (above = old.path or starts_with(above, old.path || '/')) then
        raise exception 'node % cannot be moved below itself', old.path using errcode = 'DJ001';
      end if;
      new.path := case above when '/' then '/' else above || '/' end || new.part;
      if octet_length(new.path) > 2000 then
        raise exception 'path of % octets is longer than 2000', octet_length(new.path) using errcode = 'DJ002';
      end if;
      return new;
    end $$;
    drop function djet.check_path;
    drop trigger node_subtree_path on djet.node;
    create or replace function djet.node_subtree_path() returns trigger language plpgsql as $$
    begin
      update djet.node set path = new.path || substr(path, length(old.path) + 1)
      where path > old.path || '/' and path < old.path || '0';
      return null;
    end $$;
    create trigger node_subtree_path after update of parent_id, part on djet.node
      for each row when (old.path is distinct from new.path) execute function djet.node_subtree_path();
    alter table djet.node drop constraint node_root, drop column trash_id,
      add constraint node_check check ((parent_id is null) = (part = ''));
  `)
}
