import type { Djet } from '../../../../core/index.ts'
import { writeNodes } from './node-stage.ts'
import type { Stage } from './stage.ts'

/** Puts amounts and state into the data of the good orders. Without a shipped date a known order keeps its state. */
export async function completeOrders(djet: Djet, orders: Stage, lines: Stage): Promise<void> {
  await djet.query(
    `update ${orders.table} s set data = s.data
       || jsonb_build_object('freight', s.freight::numeric(20, 2)::text, 'linesTotal', sum.total::text,
         'total', (sum.total + s.freight)::numeric(20, 2)::text)
       || case when s.shipped is not null then jsonb_build_object('state', 'shipped', 'shipped', s.shipped::text)
         when s.node_id is null then jsonb_build_object('state', 'open') else '{}' end
     from (
       select number, sum(round(unit_price * quantity * (1 - discount), 2)) as total
       from ${lines.table} where reason is null group by number
     ) sum
     where sum.number = s.number and s.reason is null`,
  )
}

/** Says in `lines_changed` which known orders have other lines than the file. */
export async function findChangedLines(djet: Djet, orders: Stage, lines: Stage): Promise<void> {
  await djet.query(
    `update ${orders.table} s set lines_changed = exists (
         select from ${lines.table} l
         left join sales_order.line known on known.node_id = s.node_id and known.product = l.product
         where l.number = s.number and (known.unit_price, known.quantity, known.discount)
           is distinct from (l.unit_price, l.quantity, l.discount)
       ) or exists (
         select from sales_order.line known where known.node_id = s.node_id and not exists (
           select from ${lines.table} l where l.number = s.number and l.product = known.product)
       )
     where s.node_id is not null and s.reason is null`,
  )
}

/** Writes the good orders: nodes and lines, in a fixed number of statements. */
export async function writeOrders(djet: Djet, orders: Stage, lines: Stage): Promise<void> {
  await writeNodes(djet, orders, 'order')
  await djet.query(
    `delete from sales_order.line l using ${orders.table} s
     where l.node_id = s.node_id and s.reason is null and s.change = 'update' and s.lines_changed`,
  )
  await djet.query(
    `insert into sales_order.line (node_id, product, unit_price, quantity, discount)
     select s.node_id, l.product, l.unit_price, l.quantity, l.discount
     from ${orders.table} s join ${lines.table} l on l.number = s.number
     where s.reason is null and (s.change = 'create' or s.change = 'update' and s.lines_changed)`,
  )
}
