import { isDeepStrictEqual } from 'node:util'
import type { Basetype } from '../basetype.ts'
import { DjetError } from '../error.ts'
import { parseData } from '../field/index.ts'
import { namedFiles } from '../file/named-files.ts'
import type { Djet } from '../scope.ts'

type Data = Readonly<Record<string, unknown>>

/**
 * Checks what a program sends for the fields of a node, which sets no more than a form does: a field that only code
 * sets, or that is set once, may be sent back as it is. Call it in the transaction that stores the node: files are
 * taken in it.
 *
 * @param stored what the node holds; undefined: it is a new one
 * @throws {DjetError} FIELD_INVALID, 422
 */
export async function clientData(
  djet: Djet,
  basetype: Basetype,
  given: Data,
  stored?: Data,
): Promise<Record<string, unknown>> {
  const problems: Record<string, string> = {}
  const open: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(given)) {
    const field = Object.hasOwn(basetype.fields, name) ? basetype.fields[name] : undefined
    const isSame = isDeepStrictEqual(value ?? null, stored?.[name] ?? null)
    const isFixed = field?.type === 'protected' || (stored !== undefined && field?.updatable === false)
    if (isFixed && isSame) continue
    if (isFixed) {
      problems[name] = field?.type === 'protected' ? 'is set by the site alone' : 'is set once, and stays'
    } else open[name] = value
  }
  const named = await namedFiles(djet, basetype.fields, open, stored ? [stored] : [])
  for (const { id } of Object.values(named.files)) await djet.files.keep(id)
  Object.assign(open, named.files)
  Object.assign(problems, named.errors)
  const { data, errors } = parseData(basetype.fields, open, { client: true, partial: stored !== undefined })
  // What was refused already is not missing.
  Object.assign(problems, { ...errors, ...problems })
  const list = Object.entries(problems).map(
    ([name, text]) => `${basetype.fields[name]?.title ?? name} ${text}`,
  )
  if (list.length === 0) return { ...data }
  throw new DjetError('FIELD_INVALID', `${basetype.title}: ${list.join('; ')}.`, {
    status: 422,
    fields: problems,
  })
}
