import type { Basetype } from '../basetype.ts'
import type { Connection } from '../db/connection.ts'
import { DjetError } from '../error.ts'
import type { Fields } from '../field/field.ts'
import { parseData } from '../field/parse.ts'
import { problemTitle } from '../field/title.ts'
import { NOT_TRASHED } from './row.ts'

type Data = Readonly<Record<string, unknown>>

/** Checks the values of a node's fields. @throws {DjetError} FIELD_INVALID, 422, with a message for each field */
export function checkData(basetype: Basetype, input: Data, partial: boolean): Data {
  const { data, errors } = parseData(basetype.fields, input, { partial })
  if (Object.keys(errors).length > 0) throw fieldsInvalid(basetype, errors)
  return data
}

/** What a field of type `node` refers to. */
interface Reference {
  readonly basetype: Basetype
  /** As messages name it: of a row, `lines.1.product`. */
  readonly field: string
  /** Names of the types allowed; undefined: any. */
  readonly allowed: unknown
  readonly id: number
}

/**
 * Asks the tree whether the nodes that fields refer to exist and are of a type that fits: one query for all.
 * @throws {DjetError} FIELD_INVALID, 422
 */
export async function checkReferences(
  connection: Connection,
  nodes: readonly { basetype: Basetype; data: Data }[],
): Promise<void> {
  const references = nodes.flatMap(({ basetype, data }) => referencesOf(basetype, basetype.fields, data))
  if (references.length === 0) return
  const rows = await connection.query<{ id: number; basetype: string }>(
    `select id, basetype from djet.node where id = any($1::int[]) and ${NOT_TRASHED}`,
    [[...new Set(references.map(({ id }) => id))]],
  )
  const types = new Map(rows.map(({ id, basetype }) => [id, basetype]))
  for (const { basetype, field, allowed, id } of references) {
    const type = types.get(id)
    if (type === undefined)
      throw fieldsInvalid(basetype, { [field]: `names node ${id}, which does not exist` })
    if (Array.isArray(allowed) && allowed.length > 0 && !allowed.includes(type)) {
      const problem = `must be a node of type ${allowed.join(' or ')}; node ${id} is a ${type}`
      throw fieldsInvalid(basetype, { [field]: problem })
    }
  }
}

function referencesOf(basetype: Basetype, fields: Fields, data: Data, before = ''): Reference[] {
  return Object.entries(fields).flatMap(([name, { type, settings, columns }]) => {
    const value = data[name]
    const field = `${before}${name}`
    if (type === 'node' && typeof value === 'number')
      return [{ basetype, field, allowed: settings.basetypes, id: value }]
    if (columns === undefined || !Array.isArray(value)) return []
    return value.flatMap((row: Data, index) => referencesOf(basetype, columns, row, `${field}.${index}.`))
  })
}

function fieldsInvalid(basetype: Basetype, errors: Readonly<Record<string, string>>): DjetError {
  const list = Object.entries(errors).map(
    ([name, text]) => `${titleOf(basetype, name)} ${text.replace(/\.$/, '')}`,
  )
  return new DjetError('FIELD_INVALID', `${basetype.title}: ${list.join('; ')}.`, {
    status: 422,
    fields: errors,
  })
}

function titleOf({ fields }: Basetype, name: string): string {
  return name.includes('.') ? problemTitle(fields, name) : (fields[name]?.title ?? name)
}
