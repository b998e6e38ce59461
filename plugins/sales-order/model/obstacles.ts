import { type Djet, type Node, sentence } from '../../../core/index.ts'
import { order } from '../basetypes.ts'
import { invoiceOf } from './invoice.ts'

/** What stands in the way of trashing a node: an order that has its invoice stays. A trigger refuses it in the same words. */
export async function obstaclesOf(djet: Djet, { id, basetype, data }: Node): Promise<string[]> {
  const invoice = basetype === order.name ? await invoiceOf(djet, id) : null
  if (invoice === null) return []
  const problem = `order ${String(data.number)} has invoice ${invoice.number} and cannot be deleted any more`
  return [djet.texts.message(`${sentence(problem)}.`)]
}
