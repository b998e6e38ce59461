import type { Basetype } from '../basetype.ts'
import type { Connection } from '../db/connection.ts'
import { DjetError } from '../error.ts'
import type { Fields } from '../field/field.ts'
import { parseData } from '../field/parse.ts'
import { problemTitle } from '../field/title.ts'
import type { Branch } from './nodes.ts'
import { prefixesOf } from './part.ts'
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

/** A node with the references that are checked. */
interface Referring {
  readonly basetype: Basetype
  readonly data: Data
  /** What it holds already: that may stay, seen or not. */
  readonly held?: Data
}

/** What is read of a node that is referred to, and of those above it. */
type Referred = Pick<Branch[number], 'id' | 'path' | 'basetype' | 'acl' | 'status'>

/**
 * Asks the tree whether the nodes that fields refer to exist and are of a type that fits: two queries for all.
 *
 * @param may whether the user sees a node: what he does not see is to him as if it were not there; absent: the system
 * @throws {DjetError} FIELD_INVALID, 422
 */
export async function checkReferences(
  connection: Connection,
  nodes: readonly Referring[],
  may?: (permission: 'view', branch: Branch) => boolean,
): Promise<void> {
  const references = nodes.flatMap(({ basetype, data, held = {} }) => {
    const kept = new Set(referencesOf(basetype, basetype.fields, held).map(({ id }) => id))
    return referencesOf(basetype, basetype.fields, data).map((each) => ({
      ...each,
      isKept: kept.has(each.id),
    }))
  })
  if (references.length === 0) return
  const found = await connection.query<Referred>(
    `select id, path, basetype, acl, status from djet.node where id = any($1::int[]) and ${NOT_TRASHED}`,
    [[...new Set(references.map(({ id }) => id))]],
  )
  const types = new Map(found.map(({ id, basetype }) => [id, basetype]))
  const asked = new Set(references.flatMap(({ id, isKept }) => (isKept ? [] : [id])))
  const toSee = found.filter(({ id }) => asked.has(id))
  const seen = may === undefined ? asked : await seenOf(connection, toSee, may)
  for (const { basetype, field, allowed, id, isKept } of references) {
    const type = isKept || seen.has(id) ? types.get(id) : undefined
    if (type === undefined)
      throw fieldsInvalid(basetype, { [field]: `names node ${id}, which does not exist` })
    if (Array.isArray(allowed) && allowed.length > 0 && !allowed.includes(type)) {
      const problem = `must be a node of type ${allowed.join(' or ')}; node ${id} is a ${type}`
      throw fieldsInvalid(basetype, { [field]: problem })
    }
  }
}

/** Ids of those that the user may view, by the rules of all that stand above them. */
async function seenOf(
  connection: Connection,
  nodes: readonly Referred[],
  may: (permission: 'view', branch: Branch) => boolean,
): Promise<ReadonlySet<number>> {
  if (nodes.length === 0) return new Set()
  const rows = await connection.query<Referred>(
    'select id, path, basetype, acl, status from djet.node where path = any($1)',
    [[...new Set(nodes.flatMap(({ path }) => prefixesOf(path)))]],
  )
  const byPath = new Map(rows.map((row) => [row.path, row]))
  // No more is asked of a branch than what rules are about.
  const branchOf = ({ path }: Referred) =>
    prefixesOf(path).flatMap((at) => byPath.get(at) ?? []) as unknown as Branch
  return new Set(nodes.filter((node) => may('view', branchOf(node))).map(({ id }) => id))
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
