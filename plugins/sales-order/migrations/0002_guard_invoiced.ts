import type { Knex } from 'knex'

/** An order that has its invoice is deleted neither alone nor with a node above it. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create function sales_order.guard_invoiced() returns trigger language plpgsql as $$
    declare
      invoice int;
    begin
      select number into invoice from sales_order.invoice where node_id = old.id;
      if found then
        raise exception 'order % has invoice % and cannot be deleted any more', old.data ->> 'number', invoice
          using errcode = 'DJ003';
      end if;
      return old;
    end $$;
    create trigger sales_order_invoiced before delete on djet.node
      for each row when (old.basetype = 'order') execute function sales_order.guard_invoiced();
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop trigger sales_order_invoiced on djet.node;
    drop function sales_order.guard_invoiced;
  `)
}
