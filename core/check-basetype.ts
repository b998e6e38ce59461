import type { Basetype } from './basetype.ts'
import { DjetError, didYouMean } from './error.ts'

/** All of them, by the type: one that comes is not forgotten here. */
const KNOWN: Readonly<Record<keyof Basetype, true>> = {
  name: true,
  title: true,
  fields: true,
  parents: true,
  children: true,
  max: true,
  engine: true,
  template: true,
  liquid: true,
  acl: true,
  fixed: true,
  trash: true,
  sensitive: true,
  copies: true,
  newForm: true,
  versions: true,
  menu: true,
  childOrder: true,
  onSite: true,
}
const OPTIONS = Object.keys(KNOWN)

/** Inputs that the form of every node has besides its fields. */
const TAKEN = ['name', 'title', 'part', 'do', 'version']

/**
 * Refuses what would be passed over in silence, or fail at the first request.
 * @throws {DjetError} BASETYPE_INVALID
 */
export function checkDeclared(basetype: Partial<Basetype>): void {
  const { name, title, fields = {} } = basetype
  const refuse = (what: string) => new DjetError('BASETYPE_INVALID', `basetype '${name}': ${what}.`)
  if (typeof name !== 'string' || !/^[a-z][\w.-]{0,59}$/i.test(name)) {
    throw refuse('its name must begin with a letter and hold only letters, digits, -, _ and ., 60 at most')
  }
  const odd = Object.keys(basetype).find((key) => !OPTIONS.includes(key))
  if (odd !== undefined) {
    throw refuse(
      `it has no option '${odd}'.${didYouMean(odd, OPTIONS)} It knows: ${OPTIONS.slice(0, -1).join(', ')}`,
    )
  }
  if (typeof title !== 'string' || title.trim() === '') throw refuse("it needs a title, such as 'Book'")
  for (const [key, field] of Object.entries(fields)) {
    if (TAKEN.includes(key)) {
      throw refuse(
        `a field may not be called '${key}', which the form of every page has; choose another name`,
      )
    }
    if (typeof (field as { parse?: unknown } | undefined)?.parse !== 'function') {
      throw refuse(`'${key}' is no field; write ${key}: field.str(), or another of field.…`)
    }
  }
}
