import type { Knex } from 'knex'

/** @param paths what is looked for among a moved subtree before it gets its new paths */
const subtree = (paths: string): string => `
    create or replace function djet.node_subtree_path() returns trigger language plpgsql as $$
    declare
      longest text;
      deepest text;
      longer integer := octet_length(new.path) - octet_length(old.path);
      deeper integer := octet_length(replace(old.path, '/', '')) - octet_length(old.path)
        + octet_length(new.path) - octet_length(replace(new.path, '/', ''));
    begin
      -- '0' is the character after '/': the subtree is one range of the path index.
      ${paths}
      if longest is not null then
        perform djet.check_path(new.path || substr(longest, length(old.path) + 1));
        perform djet.check_path(new.path || substr(deepest, length(old.path) + 1));
      end if;
      update djet.node set path = new.path || substr(path, length(old.path) + 1)
      where path > old.path || '/' and path < old.path || '0';
      return null;
    end $$;`

const LOOK = `select (array_agg(path order by octet_length(path) desc))[1],
        (array_agg(path order by octet_length(path) - octet_length(replace(path, '/', '')) desc))[1]
      into longest, deepest
      from djet.node where path > old.path || '/' and path < old.path || '0'`

/**
 * Large subtrees are moved, copied, trashed and restored with less work. Takes no time, whatever the size of the site.
 *
 * A new row goes to any page that has room for it. After a vacuum that is the rest of nearly every page, so that fifty
 * thousand changed rows went to some ten thousand pages, each of which is then written to the log as a whole. While
 * the table's fillfactor is below 100, only pages with a good deal of room are taken, and then filled one after the
 * other.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Whether it was done: not where somebody is at the table's definition or vacuums it, or has set a fillfactor, or
    -- the table is not ours.
    create function djet.pass_over_gaps() returns boolean language plpgsql as $$
    declare
      waiting text := current_setting('lock_timeout');
    begin
      if exists (select from pg_class where oid = 'djet.node'::regclass and reloptions::text ~ 'fillfactor') then
        return false;
      end if;
      begin
        perform set_config('lock_timeout', '20ms', true);
        alter table djet.node set (fillfactor = 90);
      exception when lock_not_available or insufficient_privilege or deadlock_detected then
        return false;
      end;
      perform set_config('lock_timeout', waiting, true);
      return true;
    end $$;

    ${subtree(`
      if longer > 0 or deeper > 0 then
        -- Of the levels only what is long enough to have so many: a level takes two octets.
        ${LOOK}
          and (octet_length(path) + longer > 2000 or octet_length(path) >= 2 * (65 - deeper)
            and octet_length(path) - octet_length(replace(path, '/', '')) + deeper > 64);
      end if;`)}
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop function djet.pass_over_gaps;
    ${subtree(`${LOOK}
        and (octet_length(path) + longer > 2000
          or octet_length(path) - octet_length(replace(path, '/', '')) + deeper > 64);`)}
  `)
}
