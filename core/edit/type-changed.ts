import type { Basetype } from '../basetype.ts'
import type { EngineContext } from '../engine.ts'

/** Inputs of a form that are no fields. */
const OWN = new Set(['_csrf', 'do', 'name', 'title', 'part', 'version', 'type-version', 'note'])

/**
 * What to say when a type made on the site was changed after its form was opened, and something was typed into a field
 * that it no longer has: leaving that out without a word would lose it.
 */
export function typeChanged({ form }: EngineContext, basetype: Basetype): string | undefined {
  const began = form['type-version']
  if (!basetype.onSite || began === undefined || began === String(basetype.onSite.version)) return undefined
  const typed = Object.entries(form).filter(
    ([name, value]) =>
      typeof value === 'string' &&
      value.trim() !== '' &&
      /^\w+$/.test(name) &&
      !OWN.has(name) &&
      !Object.hasOwn(basetype.fields, name),
  )
  if (typed.length === 0) return undefined
  const texts = typed.map(([name, value]) => `${name}: ${String(value)}`).join('; ')
  return `The type of this page was changed while you were editing. What you typed into fields it no longer has: ${texts}`
}
