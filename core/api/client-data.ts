import { isDeepStrictEqual } from 'node:util'
import type { Basetype } from '../basetype.ts'
import { DjetError } from '../error.ts'
import { parseData } from '../field/index.ts'

type Data = Readonly<Record<string, unknown>>

/**
 * Checks what a program sends for the fields of a node, which sets no more than a form does: a field that only code
 * sets, or that is set once, may be sent back as it is.
 *
 * @param stored what the node holds; undefined: it is a new one
 * @throws {DjetError} FIELD_INVALID, 422
 */
export function clientData(basetype: Basetype, given: Data, stored?: Data): Record<string, unknown> {
  const fixed: Record<string, string> = {}
  const open: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(given)) {
    const field = Object.hasOwn(basetype.fields, name) ? basetype.fields[name] : undefined
    const isFixed = field?.type === 'protected' || (stored !== undefined && field?.updatable === false)
    if (!isFixed) open[name] = value
    else if (!isDeepStrictEqual(value ?? null, stored?.[name] ?? null)) {
      fixed[name] = field?.type === 'protected' ? 'is set by the site alone' : 'is set once, and stays'
    }
  }
  const { data, errors } = parseData(basetype.fields, open, { client: true, partial: stored !== undefined })
  const problems = { ...errors, ...fixed }
  const list = Object.entries(problems).map(
    ([name, text]) => `${basetype.fields[name]?.title ?? name} ${text}`,
  )
  if (list.length === 0) return { ...data }
  throw new DjetError('FIELD_INVALID', `${basetype.title}: ${list.join('; ')}.`, {
    status: 422,
    fields: problems,
  })
}
