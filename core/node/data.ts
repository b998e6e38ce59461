import type { Basetype } from '../basetype.ts'
import type { Connection } from '../db/connection.ts'
import { DjetError } from '../error.ts'
import { parseData } from '../field/parse.ts'

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
  readonly field: string
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
  const references: Reference[] = nodes.flatMap(({ basetype, data }) =>
    Object.entries(basetype.fields).flatMap(([field, { type }]) =>
      type === 'node' && typeof data[field] === 'number' ? [{ basetype, field, id: data[field] }] : [],
    ),
  )
  if (references.length === 0) return
  const rows = await connection.query<{ id: number; basetype: string }>(
    'select id, basetype from djet.node where id = any($1::int[]) and trash_id is null',
    [[...new Set(references.map(({ id }) => id))]],
  )
  const types = new Map(rows.map(({ id, basetype }) => [id, basetype]))
  for (const { basetype, field, id } of references) {
    const allowed = basetype.fields[field]?.settings.basetypes
    const type = types.get(id)
    if (type === undefined)
      throw fieldsInvalid(basetype, { [field]: `names node ${id}, which does not exist` })
    if (Array.isArray(allowed) && allowed.length > 0 && !allowed.includes(type)) {
      const problem = `must be a node of type ${allowed.join(' or ')}; node ${id} is a ${type}`
      throw fieldsInvalid(basetype, { [field]: problem })
    }
  }
}

function fieldsInvalid(basetype: Basetype, errors: Readonly<Record<string, string>>): DjetError {
  const list = Object.entries(errors).map(([name, text]) => `${basetype.fields[name]?.title ?? name} ${text}`)
  return new DjetError('FIELD_INVALID', `${basetype.title}: ${list.join('; ')}.`, {
    status: 422,
    fields: errors,
  })
}
