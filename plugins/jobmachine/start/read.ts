import { messageOf, readJsonText, type Zone } from '../../../core/index.ts'
import { type GroupPart, nameBelow, type Part } from './part.ts'
import { rowsIn, type Texts, textOf, withoutRow } from './texts.ts'

/** Messages by the names of inputs. */
export type Messages = Record<string, string>

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i
const LOCAL_TIME = /^\d{4,6}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?$/

/**
 * The value that the texts of a form stand for; undefined: nothing was filled in. What cannot be read is noted in
 * `errors`; whether a value is right is the schema's to say.
 */
export function read(part: Part, name: string, texts: Texts, errors: Messages, zone: Zone): unknown {
  const text = texts[name] ?? ''
  if (part.kind === 'fixed') return part.value
  if (part.kind === 'check') return text !== ''
  if (part.kind === 'group') return readGroup(part, name, texts, errors, zone)
  if (part.kind === 'rows') {
    const rows: unknown[] = []
    for (let n = 0; n < rowsIn(texts, name, part); n++) {
      rows.push(readParts(part.item, nameBelow(name, n), texts, errors, zone))
    }
    return rows.length > 0 || isListWithout(part) ? rows : undefined
  }
  if (part.kind === 'lines') {
    const lines = text.split('\n').filter((line) => line.trim() !== '')
    if (lines.length === 0) return isListWithout(part) ? [] : undefined
    return lines.map((line, n) => {
      const { value, problem } = readSimple(part.item, line.trim(), zone)
      if (problem !== undefined) errors[name] ??= `line ${n + 1}: ${problem}`
      return value
    })
  }
  if (part.kind === 'many') {
    const values = text
      .split('\n')
      .flatMap((key) => part.options.find((option) => option.key === key)?.value ?? [])
    return values.length > 0 || isListWithout(part) ? values : undefined
  }
  if (part.kind === 'choice') {
    const option = part.options.find(({ key }) => key === text)
    if (option) return option.value
    if (text !== '') return text
  }
  if (text.trim() === '') return nothing(part, name, errors)
  if (part.kind === 'json') return readJson(text, name, errors)
  const { value, problem } = readSimple(part, text, zone)
  if (problem !== undefined) errors[name] ??= problem
  return value
}

/** An empty list is a list where there must be one, or where leaving it out would bring the default back. */
function isListWithout({ required, initial }: Part): boolean {
  return required || initial !== undefined
}

function readGroup(part: GroupPart, name: string, texts: Texts, errors: Messages, zone: Zone): unknown {
  if (!part.required && isUntouched(part, name, texts, zone)) return undefined
  return readParts(part, name, texts, errors, zone)
}

function readParts(
  part: GroupPart,
  name: string,
  texts: Texts,
  errors: Messages,
  zone: Zone,
): Record<string, unknown> {
  const entries: [string, unknown][] = []
  for (const [key, each] of part.parts) {
    const value = read(each, nameBelow(name, key), texts, errors, zone)
    if (value !== undefined) entries.push([key, value])
  }
  // Not by assignment: a property may be called `__proto__`.
  return Object.fromEntries(entries)
}

/** A value, and what is wrong with its text. */
interface Simple {
  readonly value: unknown
  readonly problem?: string
}

function readSimple(part: Exclude<Part, { kind: 'rows' | 'group' }>, text: string, zone: Zone): Simple {
  if (part.kind === 'number') {
    return NUMBER.test(text.trim()) ? { value: Number(text) } : { value: text, problem: 'must be a number' }
  }
  return part.kind === 'text' && part.moment && LOCAL_TIME.test(text)
    ? readMoment(text, zone)
    : { value: text }
}

/** A time by the clocks of a zone as JSON has it; what tells its own offset is left to the schema. */
function readMoment(text: string, zone: Zone): Simple {
  try {
    return { value: zone.read(text).toISOString().replace('.000Z', 'Z') }
  } catch (error) {
    return { value: text, problem: messageOf(error) }
  }
}

function readJson(text: string, name: string, errors: Messages): unknown {
  try {
    return readJsonText(text)
  } catch (error) {
    errors[name] ??= `is no JSON: ${messageOf(error)}`
    return undefined
  }
}

function nothing(part: Part, name: string, errors: Messages): null | undefined {
  if (!part.required) return undefined
  if (part.nullable) return null
  errors[name] ??= part.kind === 'file' ? 'must be chosen' : 'must be filled in'
  return undefined
}

/** Whether everything in a part is empty or as the form began. */
function isUntouched(part: Part, name: string, texts: Texts, zone: Zone): boolean {
  const text = texts[name] ?? ''
  switch (part.kind) {
    case 'fixed':
      return true
    case 'group':
      return [...part.parts].every(([key, each]) => isUntouched(each, nameBelow(name, key), texts, zone))
    case 'rows':
      return rowsIn(texts, name, part) === 0
    case 'check':
      return (text !== '') === (part.initial === true)
    default:
      return text.trim() === '' || text === textOf(part, part.initial, zone)
  }
}

/** Whether nothing was filled in where something could have been. */
function isBlank(part: Part, name: string, texts: Texts, zone: Zone): boolean {
  if (part.kind === 'group') {
    return (
      isUntouched(part, name, texts, zone) &&
      [...part.parts].some(([key, each]) => isBlank(each, nameBelow(name, key), texts, zone))
    )
  }
  if (part.kind === 'rows') return rowsIn(texts, name, part) === 0
  return part.kind !== 'fixed' && part.kind !== 'check' && (texts[name] ?? '').trim() === ''
}

/** The texts without rows in which nothing was filled in, so that row n of the form is value n. */
export function withoutBlankRows(part: Part, name: string, texts: Texts, zone: Zone): Texts {
  let rest = texts
  if (part.kind === 'group') {
    for (const [key, each] of part.parts) rest = withoutBlankRows(each, nameBelow(name, key), rest, zone)
  } else if (part.kind === 'rows') {
    for (let n = rowsIn(rest, name, part) - 1; n >= 0; n--) {
      const row = nameBelow(name, n)
      rest = withoutBlankRows(part.item, row, rest, zone)
      if (isBlank(part.item, row, rest, zone)) rest = withoutRow(rest, name, n)
    }
  }
  return rest
}
