import type { Knex } from 'knex'

/**
 * Where old addresses lead: one row for a moved node, whatever stands below it. A row names the node, not its place,
 * so that it is right wherever the node goes on to.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table djet.redirect (
      id integer generated always as identity primary key,
      from_path text collate "C" not null unique check (from_path ~ '^/.' and octet_length(from_path) <= 2000),
      node_id integer references djet.node (id) on delete cascade,
      to_url text check (octet_length(to_url) <= 4000),
      -- what is below from_path leads to the same below its goal
      subtree boolean not null default true,
      created timestamptz not null default now(),
      created_by text,
      check ((node_id is null) <> (to_url is null))
    );
    create index redirect_node on djet.redirect (node_id, from_path);

    create function djet.node_redirect() returns trigger language plpgsql as $$
    begin
      -- Redirects from within go along: old address -> new address of the subtree -> they.
      update djet.redirect r set from_path = new.path || substr(r.from_path, length(old.path) + 1)
      where r.from_path > old.path || '/' and r.from_path < old.path || '0'
        and octet_length(r.from_path) + octet_length(new.path) - octet_length(old.path) <= 2000
        and not exists (select from djet.redirect o
          where o.from_path = new.path || substr(r.from_path, length(old.path) + 1));
      if old.status <> 'draft' then
        insert into djet.redirect (from_path, node_id, created_by) values (old.path, new.id, new.modified_by)
        on conflict (from_path) do update
          set node_id = excluded.node_id, to_url = null, subtree = true, created = now(), created_by = excluded.created_by;
      end if;
      -- What came back to where it was needs no redirect from there.
      delete from djet.redirect r using djet.node n
      where n.id = r.node_id and n.path = r.from_path
        and (r.from_path = new.path or (r.from_path > new.path || '/' and r.from_path < new.path || '0'));
      return null;
    end $$;
    -- Triggers fire in the order of their names: the subtree has its new paths by then.
    create trigger node_subtree_redirect after update of parent_id, part on djet.node
      for each row when (old.path is distinct from new.path and old.trash_id is null and new.trash_id is null)
      execute function djet.node_redirect();
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop trigger node_subtree_redirect on djet.node;
    drop function djet.node_redirect;
    drop table djet.redirect;
  `)
}
