import type { Knex } from 'knex'

/** Order lines and invoices, and the indexes that the order list and the look-ups by number need. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create schema sales_order;

    -- One line of an order. The product is named by its number, so that a line outlives its product.
    create table sales_order.line (
      node_id int not null references djet.node on delete cascade,
      product int not null,
      unit_price numeric(12, 2) not null check (unit_price >= 0),
      quantity int not null check (quantity > 0),
      discount numeric(5, 4) not null default 0 check (discount between 0 and 1),
      amount numeric(20, 2) not null
        generated always as (round(unit_price * quantity * (1 - discount), 2)) stored,
      primary key (node_id, product)
    );
    create index line_product on sales_order.line (product);

    -- Invoice numbers have no gaps: the counter row is locked until the invoice is committed. An invoice is
    -- never deleted with its order's node; the next migration refuses that.
    create table sales_order.invoice_counter (
      only_row boolean primary key default true check (only_row),
      last int not null
    );
    insert into sales_order.invoice_counter (last) values (0);

    create table sales_order.invoice (
      number int primary key,
      node_id int unique references djet.node on delete set null,
      order_number text not null,
      customer text not null,
      total numeric(20, 2) not null,
      issued date not null default current_date,
      file_id text not null,
      created timestamptz not null default now(),
      created_by text
    );

    -- One node a number.
    create unique index sales_order_number on djet.node (basetype, (data ->> 'number'))
      where basetype in ('customer', 'product', 'category', 'order');
    -- The order list: newest number first, of one state, of one customer, of both.
    create index sales_order_list on djet.node (((data ->> 'number')::int) desc) where basetype = 'order';
    create index sales_order_state on djet.node ((data ->> 'state'), ((data ->> 'number')::int) desc)
      where basetype = 'order';
    create index sales_order_customer
      on djet.node ((data ->> 'customer'), (data ->> 'state'), ((data ->> 'number')::int) desc)
      where basetype = 'order';
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop index djet.sales_order_customer;
    drop index djet.sales_order_state;
    drop index djet.sales_order_list;
    drop index djet.sales_order_number;
    drop schema sales_order cascade;
  `)
}
