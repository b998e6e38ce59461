import type { Knex } from 'knex'

/** How the parent of a new or moved node is found: by its id, and then by what it is. */
const path = (parent: string): string => `
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
      ${parent}
      if above is null then
        raise exception 'parent % does not exist', new.parent_id using errcode = 'foreign_key_violation';
      end if;
      if tg_op = 'UPDATE' and (above = old.path or starts_with(above, old.path || '/')) then
        raise exception 'node % cannot be moved below itself', old.path using errcode = 'DJ001';
      end if;
      new.path := case above when '/' then '/' else above || '/' end || new.part;
      perform djet.check_path(new.path);
      return new;
    end $$;`

/**
 * Inserting very many nodes takes the same time for each. With `trash_id is null` in the query the planner took an
 * index of a plugin that has this condition, as long as the table was not analyzed, and read it to its end each time.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(
    path(`select path into above from djet.node where id = new.parent_id and left(path, 1) = '/';`),
  )
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(path('select path into above from djet.node where id = new.parent_id and trash_id is null;'))
}
