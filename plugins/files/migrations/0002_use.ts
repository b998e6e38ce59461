import type { Knex } from 'knex'

/**
 * Which nodes use which files, kept with every change of a node, whatever door it comes by: node fields that name a
 * file, and addresses in HTML. Which fields may do so is in `files.field`, so that others cost nothing.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table files.field (
      basetype text not null,
      -- Of a column of a group: 'lines.photo'.
      name text not null,
      type text not null check (type in ('node', 'html')),
      -- Nodes up to this id were looked at when the field came to be known; null: all.
      looked_at integer,
      primary key (basetype, name)
    );

    create table files.use (
      target_id integer not null references djet.node (id) on delete cascade,
      node_id integer not null references djet.node (id) on delete cascade,
      field text not null,
      primary key (target_id, node_id, field)
    );
    create index use_node on files.use (node_id);

    -- The path of a node that an address leads to: without what is below it, decoded. (chr(63) is a question mark,
    -- which stands for a value here.)
    create function files.path_of(address text) returns text language plpgsql immutable as $$
    declare
      path text := regexp_replace(split_part(split_part(address, chr(63), 1), '#', 1), '/-/.*$', '');
    begin
      path := replace(path, '&amp;', '&');
      if position('%' in path) > 0 then
        return files.decoded(path);
      end if;
      return path;
    end $$;

    -- By itself, since a block that handles exceptions is dear to enter.
    create function files.decoded(path text) returns text language plpgsql immutable as $$
    begin
      return convert_from((
        select string_agg(case when m[1] ~ '^%[0-9a-fA-F]{2}$' then decode(substr(m[1], 2), 'hex')
          else convert_to(m[1], 'utf8') end, ''::bytea order by n)
        from regexp_matches(path, '(%[0-9a-fA-F]{2}|[^%]+|%)', 'g') with ordinality as pieces (m, n)
      ), 'utf8');
    exception when others then
      return path;
    end $$;

    -- The node that an address leads to, by way of redirects as well.
    create function files.target_of(address text) returns integer language plpgsql stable as $$
    declare
      wanted text := files.path_of(address);
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

    -- Planned once and not compiled: the estimates of its lists are far too high.
    create function files.note_uses(ids integer[]) returns void language plpgsql
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
        select files.target_of(m[2]) from regexp_matches(held.value, '(src|href)="(/[^"]*)"', 'g') as m
        where f.type = 'html'
      ) as named
      join djet.node target on target.id = named.id and target.basetype in ('file', '~file')
      where n.id = any(ids);
    end $$;

    create function files.node_inserted() returns trigger language plpgsql as $$
    declare
      ids integer[];
    begin
      select array_agg(c.id) into ids from changed c where exists (select from files.field f where f.basetype = c.basetype);
      if ids is not null then perform files.note_uses(ids); end if;
      return null;
    end $$;
    create trigger node_uses_inserted after insert on djet.node
      referencing new table as changed for each statement execute function files.node_inserted();

    -- By row: a move of a large subtree changes no data and is not asked anything here.
    create function files.node_updated() returns trigger language plpgsql as $$
    begin
      if exists (select from files.field f where f.basetype = ltrim(new.basetype, '~')
        and old.data -> split_part(f.name, '.', 1) is distinct from new.data -> split_part(f.name, '.', 1)) then
        perform files.note_uses(array[new.id]);
      end if;
      return null;
    end $$;
    create trigger node_uses_updated after update of data on djet.node
      for each row when (old.data is distinct from new.data) execute function files.node_updated();
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop trigger node_uses_inserted on djet.node;
    drop trigger node_uses_updated on djet.node;
    drop function files.node_inserted(), files.node_updated(), files.note_uses(integer[]),
      files.target_of(text), files.path_of(text), files.decoded(text);
    drop table files.use, files.field;
  `)
}
