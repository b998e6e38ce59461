import type { Knex } from 'knex'

/**
 * Uses in drafts, in fields that hold a file of the library by its content, in links and in structured data; and uses by
 * address are found anew when another file comes to stand at that address. All nodes are looked at once more for it.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table files.field drop constraint field_type_check,
      add constraint field_type_check check (type in ('node', 'html', 'file', 'link', 'structured'));
    update files.field set looked_at = 0;

    -- In a draft: only where the draft differs from its node.
    alter table files.use add column draft boolean not null default false,
      drop constraint use_pkey, add primary key (target_id, node_id, field, draft);

    -- What nodes call files otherwise than by id, where it leads to a file or nowhere yet: paths, and ids of contents.
    create table files.name (
      name text collate "C" not null,
      node_id integer not null references djet.node (id) on delete cascade,
      loose boolean not null,
      primary key (name, node_id)
    );
    create index name_node on files.name (node_id);
    create index node_file_content on djet.node ((data ->> 'file')) where basetype in ('file', '~file');

    create function files.node_at(path text) returns integer language plpgsql stable as $$
    declare
      wanted text := path;
      found integer;
      above text;
      next text;
    begin
      for step in 1..3 loop
        select n.id into found from djet.node n where n.path = wanted;
        if found is not null then
          return found;
        end if;
        above := wanted;
        next := null;
        while above <> '' and next is null loop
          select n.path || substr(wanted, length(above) + 1) into next
          from djet.redirect r join djet.node n on n.id = r.node_id
          where r.from_path = above and (r.subtree or above = wanted);
          above := regexp_replace(above, '/[^/]*$', '');
        end loop;
        exit when next is null;
        wanted := next;
      end loop;
      return null;
    end $$;

    -- Paths and ids of contents that a value names.
    create function files.names_in(type text, value jsonb) returns setof text language plpgsql immutable as $$
    declare
      found text;
    begin
      for found in
        select t #>> '{}' from jsonb_path_query(value, 'strict $.**') as t where jsonb_typeof(t) = 'string'
      loop
        if type in ('file', 'structured') and found ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
          return next lower(found);
        elsif type in ('link', 'structured') and found ~ '^/[^/]' then
          return next files.path_of(found);
        elsif type in ('html', 'structured') then
          return query select files.path_of(m[2]) from regexp_matches(found, '(src|href)="(/[^/"][^"]*)"', 'g') as m;
        end if;
      end loop;
    end $$;

    create or replace function files.note_uses(ids integer[]) returns void language plpgsql
    set plan_cache_mode = force_generic_plan set jit = off as $$
    declare
      slice integer[];
    begin
      for batch in 0 .. (coalesce(cardinality(ids), 0) - 1) / 500 loop
        slice := ids[batch * 500 + 1 : batch * 500 + 500];
        delete from files.use where node_id = any(slice);
        delete from files.name where node_id = any(slice);
        with held as materialized (
          select n.id as node_id, f.name as field, f.type, state.draft, value.value
          from djet.node n
          join files.field f on f.basetype = ltrim(n.basetype, '~')
          cross join lateral (
            select n.data, false as draft
            union all
            select v.data, true from djet.node_version v where v.node_id = n.id and v.open
              and v.data -> split_part(f.name, '.', 1) is distinct from n.data -> split_part(f.name, '.', 1)
          ) as state
          cross join lateral (
            select state.data -> f.name as value where position('.' in f.name) = 0
            union all
            select line -> split_part(f.name, '.', 2)
            from jsonb_array_elements(case when position('.' in f.name) > 0
              and jsonb_typeof(state.data -> split_part(f.name, '.', 1)) = 'array'
              then state.data -> split_part(f.name, '.', 1) else '[]' end) as line
          ) as value
          where n.id = any(slice) and value.value is not null
        ),
        named as materialized (
          select distinct h.node_id, h.field, h.draft, n.name
          from held h cross join lateral files.names_in(h.type, h.value) as n (name)
          where h.type <> 'node' and n.name <> '' and octet_length(n.name) <= 2000
        ),
        found as materialized (
          select h.node_id, h.field, h.draft, null as name, (h.value #>> '{}')::integer as id, true as somewhere
          from held h where h.type = 'node' and h.value #>> '{}' ~ '^[1-9][0-9]{0,8}$'
          union all
          select p.node_id, p.field, p.draft, p.name, at.id, at.id is not null
          from named p cross join lateral files.node_at(p.name) as at (id) where p.name like '/%'
          union all
          select p.node_id, p.field, p.draft, p.name, f.id, f.id is not null
          from named p left join lateral (
            -- By offset: probed for each name, however many the planner expects, never joined with all files.
            select n.id from djet.node n where n.basetype in ('file', '~file') and n.data ->> 'file' = p.name offset 0
          ) as f on true
          where p.name not like '/%'
        ),
        led as materialized (
          select f.*, target.id as target_id
          from found f left join lateral (
            select n.id from djet.node n where n.id = f.id and ltrim(n.basetype, '~') = 'file' offset 0
          ) as target on true
        ),
        kept as (
          insert into files.name (name, node_id, loose)
          select name, node_id, bool_and(target_id is null) from led
          where name is not null and (target_id is not null or not somewhere)
          group by name, node_id
          on conflict do nothing
        )
        insert into files.use (target_id, node_id, field, draft)
        select distinct target_id, node_id, field, draft from led where target_id is not null and target_id <> node_id
        on conflict do nothing;
      end loop;
    end $$;
    drop function files.target_of(text);

    -- Not while they are being changed.
    create function files.note_again(ids integer[]) returns void language plpgsql as $$
    begin
      if ids is not null then
        perform from djet.node where id = any(ids) order by id for no key update;
        perform files.note_uses(ids);
      end if;
    end $$;

    -- Whoever calls a file by one of these names.
    create function files.note_named(names text[]) returns void language plpgsql as $$
    begin
      perform files.note_again((select array_agg(distinct n.node_id) from files.name n where n.name = any(names)));
    end $$;

    create or replace function files.node_inserted() returns trigger language plpgsql as $$
    declare
      ids integer[];
      names text[];
    begin
      select array_agg(c.id) filter (where c.basetype in (select f.basetype from files.field f)),
        array_agg(c.path) filter (where c.basetype = 'file')
          || array_agg(c.data ->> 'file') filter (where c.basetype = 'file')
      into ids, names from changed c;
      if ids is not null then perform files.note_uses(ids); end if;
      if names is not null then perform files.note_named(names); end if;
      return null;
    end $$;

    -- A file comes to stand at an address, back from the trash as well, or gets another content. By row, which costs the
    -- others nothing; whose uses are known already is not looked at again.
    create function files.file_arrived() returns trigger language plpgsql as $$
    declare
      ids integer[];
    begin
      if exists (select from files.name n where n.name = new.path) then
        select array_agg(n.node_id) into ids from files.name n where n.name = new.path and (n.loose
          or not exists (select from files.use u where u.target_id = new.id and u.node_id = n.node_id));
        perform files.note_again(ids);
      end if;
      if old.data -> 'file' is distinct from new.data -> 'file' then
        perform files.note_named(array[new.data ->> 'file', old.data ->> 'file']);
      end if;
      return null;
    end $$;
    create trigger node_file_arrived after update on djet.node
      for each row when (new.basetype = 'file' and (old.path is distinct from new.path
        or old.basetype is distinct from new.basetype or old.data -> 'file' is distinct from new.data -> 'file'))
      execute function files.file_arrived();

    create function files.redirect_made() returns trigger language plpgsql as $$
    declare
      names text[];
    begin
      select array_agg(distinct n.name) into names from files.name n
      where n.loose and (n.name = new.from_path
        or new.subtree and n.name > new.from_path || '/' and n.name < new.from_path || '0');
      if names is not null then perform files.note_named(names); end if;
      return null;
    end $$;
    create trigger redirect_uses after insert or update on djet.redirect
      for each row when (new.node_id is not null) execute function files.redirect_made();

    create function files.draft_changed() returns trigger language plpgsql as $$
    begin
      if tg_op = 'DELETE' or not new.open then
        delete from files.use where node_id = old.node_id and draft;
      elsif exists (select from files.field f where f.basetype = new.basetype) then
        perform files.note_uses(array[new.node_id]);
      end if;
      return null;
    end $$;
    create trigger draft_uses_inserted after insert on djet.node_version
      for each row when (new.open) execute function files.draft_changed();
    create trigger draft_uses_updated after update of open, data on djet.node_version
      for each row when (old.open or new.open) execute function files.draft_changed();
    create trigger draft_uses_deleted after delete on djet.node_version
      for each row when (old.open) execute function files.draft_changed();
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop trigger draft_uses_inserted on djet.node_version;
    drop trigger draft_uses_updated on djet.node_version;
    drop trigger draft_uses_deleted on djet.node_version;
    drop trigger redirect_uses on djet.redirect;
    drop trigger node_file_arrived on djet.node;
    drop function files.draft_changed(), files.redirect_made(), files.file_arrived(), files.note_named(text[]),
      files.note_again(integer[]), files.names_in(text, jsonb);
    drop table files.name;
    drop index djet.node_file_content;
    alter function files.node_at(text) rename to target_of;
    delete from files.use where draft;
    alter table files.use drop constraint use_pkey, drop column draft, add primary key (target_id, node_id, field);
    delete from files.field where type not in ('node', 'html');
    alter table files.field drop constraint field_type_check,
      add constraint field_type_check check (type in ('node', 'html'));
    create or replace function files.note_uses(ids integer[]) returns void language plpgsql
    set plan_cache_mode = force_generic_plan set jit = off as $$
    begin
      delete from files.use where node_id = any(ids);
      insert into files.use (target_id, node_id, field)
      select distinct target.id, n.id, f.name
      from djet.node n
      join files.field f on f.basetype = ltrim(n.basetype, '~')
      cross join lateral (
        select n.data ->> f.name as value where position('.' in f.name) = 0
        union all
        select line ->> split_part(f.name, '.', 2)
        from jsonb_array_elements(case when position('.' in f.name) > 0
          and jsonb_typeof(n.data -> split_part(f.name, '.', 1)) = 'array'
          then n.data -> split_part(f.name, '.', 1) else '[]' end) as line
      ) as held
      cross join lateral (
        select case when held.value ~ '^[1-9][0-9]{0,8}$' then held.value::integer end as id where f.type = 'node'
        union all
        select files.target_of(files.path_of(m[2])) from regexp_matches(held.value, '(src|href)="(/[^"]*)"', 'g') as m
        where f.type = 'html'
      ) as named
      join djet.node target on target.id = named.id and target.basetype in ('file', '~file')
      where n.id = any(ids);
    end $$;
    create or replace function files.node_inserted() returns trigger language plpgsql as $$
    declare
      ids integer[];
    begin
      select array_agg(c.id) into ids from changed c where exists (select from files.field f where f.basetype = c.basetype);
      if ids is not null then perform files.note_uses(ids); end if;
      return null;
    end $$;
  `)
}
