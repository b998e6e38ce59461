import type { Knex } from 'knex'

/** The sums of a set of rows `r`, each counted `sign` times. */
const SUMS = `sum(r.sign)::bigint, sum(r.sign * sales_order.amount(r.data ->> 'linesTotal')),
        sum(r.sign * sales_order.amount(r.data ->> 'freight')), sum(r.sign * sales_order.amount(r.data ->> 'total'))`
const KEY = `coalesce(r.data ->> 'customer', ''), coalesce(r.data ->> 'state', '')`
const COLUMNS = 'orders, lines_total, freight, total'

/**
 * What the orders of each state, and of each customer and state, come to, so that no page adds them up. Each statement
 * that changes orders notes what it adds and takes away as new rows, which nobody waits for; `sales_order.fold_sums`
 * adds these to the sums now and then. Sums and notes together are always right. All orders are read once: a million
 * take some ten seconds, in which nodes cannot be changed.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    lock table djet.node in share row exclusive mode;

    create table sales_order.sum_by_state (
      state text primary key,
      orders bigint not null,
      lines_total numeric not null,
      freight numeric not null,
      total numeric not null
    );
    create table sales_order.sum_by_customer (
      customer text,
      state text,
      orders bigint not null,
      lines_total numeric not null,
      freight numeric not null,
      total numeric not null,
      primary key (customer, state)
    );
    create table sales_order.sum_delta (
      id bigint generated always as identity primary key,
      customer text not null,
      state text not null,
      orders bigint not null,
      lines_total numeric not null,
      freight numeric not null,
      total numeric not null
    );
    alter table sales_order.sum_delta set (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);

    -- What is no number, as only SQL can write it, counts for nothing.
    create function sales_order.amount(text) returns numeric language sql immutable parallel safe as $$
      select case when $1 ~ '^-{0,1}[0-9]{1,30}([.][0-9]{0,30}){0,1}$' then $1::numeric else 0 end
    $$;

    create function sales_order.orders_made() returns trigger language plpgsql as $$
    begin
      insert into sales_order.sum_delta (customer, state, ${COLUMNS})
      select ${KEY}, ${SUMS} from (select data, 1 as sign from made where basetype = 'order') as r group by 1, 2;
      return null;
    end $$;
    create trigger sales_order_made after insert on djet.node
      referencing new table as made for each statement execute function sales_order.orders_made();

    create function sales_order.orders_gone() returns trigger language plpgsql as $$
    begin
      insert into sales_order.sum_delta (customer, state, ${COLUMNS})
      select ${KEY}, ${SUMS} from (select data, -1 as sign from gone where basetype = 'order') as r group by 1, 2;
      return null;
    end $$;
    create trigger sales_order_gone after delete on djet.node
      referencing old table as gone for each statement execute function sales_order.orders_gone();

    -- Those that go to the trash or come back change their basetype. The plan is kept from the first time, perhaps for one
    -- row, and must do for a hundred thousand.
    create function sales_order.orders_changed() returns trigger language plpgsql set enable_nestloop = off as $$
    begin
      if not exists (select from before where basetype = 'order')
        and not exists (select from after where basetype = 'order') then
        return null;
      end if;
      insert into sales_order.sum_delta (customer, state, ${COLUMNS})
      select ${KEY}, ${SUMS}
      from (
        select unnest(array[b.data, a.data]) as data, unnest(array[b.basetype, a.basetype]) as basetype,
          unnest(array[-1, 1]) as sign
        from before b join after a on a.id = b.id
        where (b.data <> a.data or b.basetype <> a.basetype) and (b.basetype = 'order' or a.basetype = 'order')
      ) as r
      where r.basetype = 'order'
      group by 1, 2
      having sum(r.sign) <> 0 or sum(r.sign * sales_order.amount(r.data ->> 'linesTotal')) <> 0
        or sum(r.sign * sales_order.amount(r.data ->> 'freight')) <> 0
        or sum(r.sign * sales_order.amount(r.data ->> 'total')) <> 0;
      return null;
    end $$;
    create trigger sales_order_changed after update on djet.node
      referencing old table as before new table as after
      for each statement execute function sales_order.orders_changed();

    -- How many notes were added to the sums, so many at most; 0 also while somebody else is at it.
    create function sales_order.fold_sums(most integer) returns integer language plpgsql as $$
    declare
      folded integer;
    begin
      if not pg_try_advisory_xact_lock(hashtext('sales-order.fold'), 0) then
        return 0;
      end if;
      with taken as materialized (
        delete from sales_order.sum_delta where id in (select id from sales_order.sum_delta order by id limit most)
        returning *
      ), customers as (
        insert into sales_order.sum_by_customer as s (customer, state, ${COLUMNS})
        select customer, state, sum(orders), sum(lines_total), sum(freight), sum(total) from taken group by 1, 2
        on conflict (customer, state) do update set orders = s.orders + excluded.orders,
          lines_total = s.lines_total + excluded.lines_total, freight = s.freight + excluded.freight,
          total = s.total + excluded.total
      ), states as (
        insert into sales_order.sum_by_state as s (state, ${COLUMNS})
        select state, sum(orders), sum(lines_total), sum(freight), sum(total) from taken group by 1
        on conflict (state) do update set orders = s.orders + excluded.orders,
          lines_total = s.lines_total + excluded.lines_total, freight = s.freight + excluded.freight,
          total = s.total + excluded.total
      )
      select count(*) into folded from taken;
      return folded;
    end $$;

    insert into sales_order.sum_by_customer (customer, state, ${COLUMNS})
    select ${KEY}, ${SUMS} from (select data, 1 as sign from djet.node where basetype = 'order') as r group by 1, 2;
    insert into sales_order.sum_by_state (state, ${COLUMNS})
    select state, sum(orders), sum(lines_total), sum(freight), sum(total) from sales_order.sum_by_customer group by 1;
    analyze sales_order.sum_by_customer, sales_order.sum_by_state;
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop trigger sales_order_made on djet.node;
    drop trigger sales_order_gone on djet.node;
    drop trigger sales_order_changed on djet.node;
    drop function sales_order.orders_made, sales_order.orders_gone, sales_order.orders_changed, sales_order.fold_sums,
      sales_order.amount;
    drop table sales_order.sum_delta, sales_order.sum_by_customer, sales_order.sum_by_state;
  `)
}
