import type { Djet } from '../../../../core/index.ts'
import { placeToEdit } from '../places.ts'
import { key, text } from './cell.ts'
import { finishImport } from './finish.ts'
import { classify, countChanges, findNodes, lockImports, writeNodes } from './node-stage.ts'
import type { ImportOptions, ImportResult } from './result.ts'
import { createNodeStage, fillStage, rejectRepeated } from './stage.ts'

/** The columns of a file of customers. */
export const customerColumns = {
  customer_id: key(10),
  company_name: text(100, { required: true }),
  contact_name: text(100),
  contact_title: text(100),
  address: text(200),
  city: text(100),
  region: text(100),
  postal_code: text(20),
  country: text(100),
  phone: text(50),
  fax: text(50),
}

export interface ImportCustomers extends ImportOptions {
  /** Id of a stored file. */
  customers: string
}

/**
 * Imports customers: new ones are made, known ones (by number) brought up to date. All in one transaction.
 *
 * @throws {DjetError} IMPORT_FILE (422), FILE_NOT_FOUND (404), PLACE_MISSING (409), ACCESS_DENIED
 */
export async function importCustomers(djet: Djet, params: ImportCustomers): Promise<ImportResult> {
  return djet.transaction(async (djet) => {
    const parent = await placeToEdit(djet, 'customers')
    await lockImports(djet)
    const stage = await createNodeStage(djet, 'customer')
    await fillStage(djet, stage, params.customers, customerColumns, 'customer_id', (row) => ({
      number: row.customer_id ?? null,
      part: row.customer_id ?? null,
      title: row.company_name ?? null,
      parent_id: String(parent.id),
      data: JSON.stringify({
        number: row.customer_id,
        contact: row.contact_name,
        contactTitle: row.contact_title,
        address: row.address,
        city: row.city,
        region: row.region,
        postalCode: row.postal_code,
        country: row.country,
        phone: row.phone,
        fax: row.fax,
      }),
    }))
    await rejectRepeated(djet, stage, 'number', 'this customer is already in line %s')
    await findNodes(djet, stage, 'customer')
    await classify(djet, stage)
    return finishImport(djet, {
      kind: 'customers',
      stages: [stage],
      options: params,
      changes: () => countChanges(djet, stage),
      write: () => writeNodes(djet, stage, 'customer'),
    })
  })
}
