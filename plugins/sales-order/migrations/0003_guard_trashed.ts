import type { Knex } from 'knex'

/** An order that has its invoice does not go to the trash either. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create function sales_order.guard_trashed() returns trigger language plpgsql as $$
    declare
      invoice int;
    begin
      select number into invoice from sales_order.invoice where node_id = old.id;
      if found then
        raise exception 'order % has invoice % and cannot be deleted any more', old.data ->> 'number', invoice
          using errcode = 'DJ003';
      end if;
      return new;
    end $$;
    create trigger sales_order_trashed before update of trash_id on djet.node
      for each row when (old.basetype = 'order' and new.trash_id is not null)
      execute function sales_order.guard_trashed();
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop trigger sales_order_trashed on djet.node;
    drop function sales_order.guard_trashed;
  `)
}
