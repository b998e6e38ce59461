import type { Djet } from '../../../../core/index.ts'
import { placeToEdit } from '../places.ts'
import { finishImport } from './finish.ts'
import { classify, countChanges, findNodes, lockImports } from './node-stage.ts'
import { detailColumns, orderColumns } from './order-columns.ts'
import { completeOrders, findChangedLines, writeOrders } from './order-rows.ts'
import { countAhead, refuseChanges, rejectWholeOrders } from './order-rules.ts'
import type { ImportOptions, ImportResult } from './result.ts'
import { createNodeStage, createStage, fillStage, reject, rejectRepeated, type Stage } from './stage.ts'

export interface ImportOrders extends ImportOptions {
  /** Id of a stored file with one order a row. */
  orders: string
  /** Id of a stored file with the lines of these orders. */
  details: string
}

/**
 * Imports orders with their lines: new ones are made, known ones (by number) brought up to date. An order is taken
 * whole or not at all: when one of its rows is bad, each of its rows is rejected and says which one was the cause.
 * All in one transaction.
 *
 * A file never takes back what happened here: an order that was confirmed or shipped here stays so when the file
 * has no shipped date. A file with other contents for an order that was cancelled here, or other amounts for one
 * that has its invoice, is rejected for that order.
 *
 * @throws {DjetError} IMPORT_FILE (422), FILE_NOT_FOUND (404), PLACE_MISSING (409), ACCESS_DENIED
 */
export async function importOrders(djet: Djet, params: ImportOrders): Promise<ImportResult> {
  return djet.transaction(async (djet) => {
    const parent = await placeToEdit(djet, 'orders')
    await lockImports(djet)
    const orders = await createNodeStage(djet, 'order', {
      customer: 'text',
      shipped: 'date',
      freight: 'numeric',
      lines_changed: 'boolean',
    })
    const lines = await createStage(djet, 'order_line', {
      number: 'text',
      product: 'int',
      unit_price: 'numeric',
      quantity: 'int',
      discount: 'numeric',
    })
    await readOrders(djet, orders, params.orders, parent.id)
    await readLines(djet, lines, params.details)
    djet.task?.progress(lines.read, lines.read, 'Checking')
    await check(djet, orders, lines)
    return finishImport(djet, {
      kind: 'orders',
      stages: [orders, lines],
      options: params,
      changes: () => countChanges(djet, orders),
      notices: () => countAhead(djet, orders),
      write: () => writeOrders(djet, orders, lines),
    })
  })
}

async function readOrders(djet: Djet, stage: Stage, fileId: string, parent: number): Promise<void> {
  await fillStage(djet, stage, fileId, orderColumns, 'order_id', (row) => ({
    number: row.order_id === undefined ? null : String(row.order_id),
    part: row.order_id === undefined ? null : String(row.order_id),
    title: `Order ${row.order_id}`,
    parent_id: String(parent),
    customer: row.customer_id ?? null,
    shipped: row.shipped_date ?? null,
    freight: row.freight ?? '0.00',
    data: JSON.stringify({
      number: row.order_id,
      customer: row.customer_id,
      employee: row.employee_id,
      placed: row.order_date,
      required: row.required_date,
      shipVia: row.ship_via,
      shipName: row.ship_name,
      shipAddress: row.ship_address,
      shipCity: row.ship_city,
      shipRegion: row.ship_region,
      shipPostalCode: row.ship_postal_code,
      shipCountry: row.ship_country,
    }),
  }))
  await djet.query(`create index on ${stage.table} (number)`)
}

async function readLines(djet: Djet, stage: Stage, fileId: string): Promise<void> {
  await fillStage(djet, stage, fileId, detailColumns, 'order_id', (row) => ({
    number: row.order_id === undefined ? null : String(row.order_id),
    product: row.product_id === undefined ? null : String(row.product_id),
    unit_price: row.unit_price ?? null,
    quantity: row.quantity === undefined ? null : String(row.quantity),
    discount: row.discount ?? '0.00',
  }))
  await djet.query(`create index on ${stage.table} (number, product)`)
}

/** Finds what cell by cell cannot be seen: rows against each other, and against what is there already. */
async function check(djet: Djet, orders: Stage, lines: Stage): Promise<void> {
  await rejectRepeated(djet, orders, 'number', 'this order is already in line %s')
  await rejectRepeated(djet, lines, 'number, product', 'this order has this product already in line %s')
  await reject(djet, orders, {
    where: `s.customer is not null and not exists (
      select from djet.node n where n.basetype = 'customer' and n.data ->> 'number' = s.customer)`,
    reason: `format('customer_id %s is unknown: import the customers first', s.customer)`,
  })
  await reject(djet, lines, {
    where: `s.product is not null and not exists (
      select from djet.node n where n.basetype = 'product' and n.data ->> 'number' = s.product::text)`,
    reason: `format('product_id %s is unknown: import the products first', s.product)`,
  })
  await reject(djet, orders, {
    where: `s.number is not null and not exists (select from ${lines.table} l where l.number = s.number)`,
    reason: 'format($1, s.number, $2::text)',
    values: ['order %s has no lines in %s', lines.file],
  })
  await reject(djet, lines, {
    where: `s.number is not null and not exists (select from ${orders.table} o where o.number = s.number)`,
    reason: 'format($1, s.number, $2::text)',
    values: ['order %s is not in %s', orders.file],
  })
  await rejectWholeOrders(djet, orders, lines)
  await findNodes(djet, orders, 'order')
  await completeOrders(djet, orders, lines)
  await findChangedLines(djet, orders, lines)
  await classify(djet, orders)
  await djet.query(
    `update ${orders.table} set change = 'update' where reason is null and change = 'same' and lines_changed`,
  )
  await refuseChanges(djet, orders)
  await rejectWholeOrders(djet, orders, lines)
}
