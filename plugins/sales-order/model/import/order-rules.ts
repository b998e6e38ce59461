import type { Djet } from '../../../../core/index.ts'
import { reject, type Stage } from './stage.ts'

/** An order is taken whole or not at all: rejects the good rows of orders that have a bad one, and names it. */
export async function rejectWholeOrders(djet: Djet, orders: Stage, lines: Stage): Promise<void> {
  await djet.query('drop table if exists pg_temp.import_bad_order')
  await djet.query(
    `create temp table import_bad_order on commit drop as
     select distinct on (number) number, format('not imported because line %s of %s was rejected', line, file) as reason
     from (
       select number, line, 1 as nth, $1::text as file from ${orders.table} where reason is not null
       union all
       select number, line, 2, $2::text from ${lines.table} where reason is not null
     ) bad where number is not null order by number, nth, line`,
    [orders.file, lines.file],
  )
  for (const stage of [orders, lines]) {
    await djet.query(
      `update ${stage.table} s set reason = bad.reason from pg_temp.import_bad_order bad
       where bad.number = s.number and s.reason is null`,
    )
  }
}

/** Refuses changes to orders that were cancelled, and of amounts that stand in an invoice. */
export async function refuseChanges(djet: Djet, orders: Stage): Promise<void> {
  await reject(djet, orders, {
    from: 'djet.node n',
    where: `n.id = s.node_id and s.change = 'update' and s.reason is null and n.data ->> 'state' = 'cancelled'`,
    reason: `format('order %s was cancelled here, and a cancelled order is not changed by an import', s.number)`,
  })
  await reject(djet, orders, {
    from: 'djet.node n join sales_order.invoice i on i.node_id = n.id',
    where: `n.id = s.node_id and s.change = 'update' and s.reason is null and (
      s.lines_changed or s.data ->> 'total' <> n.data ->> 'total' or s.data ->> 'freight' <> n.data ->> 'freight'
      or s.data ->> 'customer' <> n.data ->> 'customer')`,
    reason: `format('order %s has invoice %s: its customer, lines and freight may not change any more',
      s.number, i.number)`,
  })
}

/** Says how many orders are further on here than in the file, where they are left as they are. */
export async function countAhead(djet: Djet, orders: Stage): Promise<readonly string[]> {
  const rows = await djet.query<{ state: string; n: number }>(
    `select n.data ->> 'state' as state, count(*) as n
     from ${orders.table} s join djet.node n on n.id = s.node_id
     where s.reason is null and s.shipped is null and n.data ->> 'state' <> 'open' group by 1 order by 1`,
  )
  return rows.map(({ state, n }) => {
    return n === 1
      ? `1 order without a shipped date is ${state} here. Its state was left as it is.`
      : `${n} orders without a shipped date are ${state} here. Their state was left as it is.`
  })
}
