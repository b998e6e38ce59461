import { type Djet, type Node, partFrom } from '../../../../core/index.ts'
import { placeToEdit } from '../places.ts'
import { decimal, integer, text, yesNo } from './cell.ts'
import { finishImport } from './finish.ts'
import { classify, countChanges, findNodes, lockImports, writeNodes } from './node-stage.ts'
import type { ImportOptions, ImportResult } from './result.ts'
import { createNodeStage, fillStage, reject, rejectRepeated, type Stage } from './stage.ts'

/** The columns of a file of categories. */
export const categoryColumns = {
  category_id: integer({ min: 1, required: true }),
  category_name: text(100, { required: true }),
  description: text(1_000),
}

/** The columns of a file of products. */
export const productColumns = {
  product_id: integer({ min: 1, required: true }),
  product_name: text(100, { required: true }),
  supplier_id: integer({ min: 1 }),
  category_id: integer({ min: 1, required: true }),
  quantity_per_unit: text(100),
  unit_price: decimal({ decimals: 2, max: 9_999_999.99, required: true }),
  units_in_stock: integer({ min: 0 }),
  units_on_order: integer({ min: 0 }),
  reorder_level: integer({ min: 0 }),
  discontinued: yesNo(),
}

export interface ImportProducts extends ImportOptions {
  /** Id of a stored file. */
  products: string
  /** Id of a stored file with the categories; without it only categories that exist are known. */
  categories?: string | undefined
}

/**
 * Imports products, and categories when their file is given. A product whose category changed moves with its
 * page. All in one transaction.
 *
 * @throws {DjetError} IMPORT_FILE (422), FILE_NOT_FOUND (404), PLACE_MISSING (409), ACCESS_DENIED
 */
export async function importProducts(djet: Djet, params: ImportProducts): Promise<ImportResult> {
  return djet.transaction(async (djet) => {
    const parent = await placeToEdit(djet, 'catalogue')
    await lockImports(djet)
    const categories = await createNodeStage(djet, 'category')
    if (params.categories !== undefined) await readCategories(djet, categories, params.categories, parent)
    const products = await createNodeStage(djet, 'product', { category: 'text' })
    await readProducts(djet, products, params.products, categories)
    return finishImport(djet, {
      kind: 'products',
      stages: params.categories === undefined ? [products] : [categories, products],
      options: params,
      changes: () => countChanges(djet, products),
      ...(params.categories === undefined ? {} : { categories: () => countChanges(djet, categories) }),
      async write() {
        await writeNodes(djet, categories, 'category')
        await findCategories(djet, products)
        await writeNodes(djet, products, 'product')
      },
    })
  })
}

async function readCategories(djet: Djet, stage: Stage, fileId: string, parent: Node): Promise<void> {
  await fillStage(djet, stage, fileId, categoryColumns, 'category_id', (row) => ({
    number: row.category_id === undefined ? null : String(row.category_id),
    part: row.category_name === undefined ? null : partFrom(row.category_name),
    title: row.category_name ?? null,
    parent_id: String(parent.id),
    data: JSON.stringify({ number: row.category_id, description: row.description }),
  }))
  await rejectRepeated(djet, stage, 'number', 'this category is already in line %s')
  await findNodes(djet, stage, 'category')
  await classify(djet, stage)
}

async function readProducts(djet: Djet, stage: Stage, fileId: string, categories: Stage): Promise<void> {
  await fillStage(djet, stage, fileId, productColumns, 'product_id', (row) => ({
    number: row.product_id === undefined ? null : String(row.product_id),
    part: row.product_name === undefined ? null : partFrom(row.product_name),
    title: row.product_name ?? null,
    category: row.category_id === undefined ? null : String(row.category_id),
    data: JSON.stringify({
      number: row.product_id,
      unit: row.quantity_per_unit,
      price: row.unit_price,
      supplier: row.supplier_id,
      stock: row.units_in_stock,
      onOrder: row.units_on_order,
      reorderLevel: row.reorder_level,
      discontinued: row.discontinued ?? false,
    }),
  }))
  await rejectRepeated(djet, stage, 'number', 'this product is already in line %s')
  await findCategories(djet, stage)
  await reject(djet, stage, {
    where: `s.category is not null and s.parent_id is null
      and not exists (select from ${categories.table} c where c.number = s.category and c.reason is null)`,
    reason: `format('category_id %s is unknown: import the categories too', s.category)`,
  })
  await findNodes(djet, stage, 'product')
  await classify(djet, stage)
}

/** Puts the products below the categories that are in the tree. */
async function findCategories(djet: Djet, stage: Stage): Promise<void> {
  await djet.query(
    `update ${stage.table} s set parent_id = c.id from djet.node c
     where c.basetype = 'category' and c.data ->> 'number' = s.category`,
  )
}
