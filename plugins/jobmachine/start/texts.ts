import type { Zone } from '../../../core/index.ts'
import { countOf, nameBelow, type Part, type RowsPart } from './part.ts'

/** What stands in the inputs of a form, by their names. A box that is ticked is `on`. */
export type Texts = Readonly<Record<string, string>>

/**
 * The texts a form begins with.
 * @param value of the part; undefined: the schema's defaults
 * @param zone by whose clocks times are shown
 */
export function textsFor(part: Part, name: string, value: unknown, zone: Zone): Texts {
  const texts: Record<string, string> = Object.create(null)
  fill(texts, part, name, value === undefined ? part.initial : value, zone)
  return texts
}

function fill(texts: Record<string, string>, part: Part, name: string, value: unknown, zone: Zone): void {
  switch (part.kind) {
    case 'group':
      for (const [key, each] of part.parts) {
        const given = property(value, key)
        fill(texts, each, nameBelow(name, key), given === undefined ? each.initial : given, zone)
      }
      return
    case 'rows': {
      const rows = Array.isArray(value) ? value : []
      const count = Math.max(rows.length, part.least, part.required ? 1 : 0)
      texts[countOf(name)] = String(count)
      for (let n = 0; n < count; n++) fill(texts, part.item, nameBelow(name, n), rows[n], zone)
      return
    }
    case 'fixed':
      return
    default:
      // A file belongs to the task it was uploaded for.
      texts[name] = part.kind === 'file' ? '' : textOf(part, value, zone)
  }
}

/** The text of an input for a value. */
export function textOf(
  part: Exclude<Part, { kind: 'group' | 'rows' | 'fixed' }>,
  value: unknown,
  zone: Zone,
): string {
  if (value === undefined || value === null) return ''
  switch (part.kind) {
    case 'check':
      return value === true ? 'on' : ''
    case 'json':
      return JSON.stringify(value, null, 2)
    case 'choice':
      return part.options.find((option) => option.value === value)?.key ?? ''
    case 'many':
      return [value]
        .flat()
        .flatMap((each) => part.options.find((option) => option.value === each)?.key ?? [])
        .join('\n')
    case 'lines':
      return [value]
        .flat()
        .map((each) => textOf(part.item, each, zone))
        .join('\n')
    case 'text':
      return part.moment ? wallOf(plain(value), zone) : plain(value)
    default:
      return plain(value)
  }
}

function plain(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : JSON.stringify(value)
}

/**
 * What the clocks of a zone show at a time, as an input takes it. A time that they show twice and of which this is the
 * second one is left as it is: the input would make the first one of it.
 */
function wallOf(text: string, zone: Zone): string {
  const time = new Date(text)
  const wall = zone.wall(time)
  return /^\d{4}-/.test(wall) && +zone.read(wall) === Math.floor(+time / 1000) * 1000 ? wall : text
}

function property(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined
}

/** What was posted, as texts: of a field that was sent several times, a line each. */
export function postedTexts(form: Readonly<Record<string, unknown>>): Texts {
  const texts: Record<string, string> = Object.create(null)
  for (const [name, value] of Object.entries(form)) {
    const values = typeof value === 'object' && value !== null ? Object.values(value) : [value]
    texts[name] = values
      .filter((each) => typeof each === 'string')
      .join('\n')
      .replaceAll('\r\n', '\n')
  }
  return texts
}

/** How many rows a list has in a form. */
export function rowsIn(texts: Texts, name: string, part: Pick<RowsPart, 'most'>): number {
  const count = Number(texts[countOf(name)] ?? 0)
  return Number.isInteger(count) ? Math.min(Math.max(count, 0), part.most) : 0
}

/** A list without one of its rows; those behind it move up. */
export function withoutRow(texts: Texts, name: string, row: number): Texts {
  const result: Record<string, string> = Object.create(null)
  for (const [key, text] of Object.entries(texts)) {
    const [, index, rest] = key.startsWith(`${name}/`)
      ? (/^(\d+)(\/.*)$/.exec(key.slice(name.length + 1)) ?? [])
      : []
    const at = index === undefined ? -1 : Number(index)
    if (at === row) continue
    result[at > row ? `${nameBelow(name, at - 1)}${rest}` : key] = text
  }
  result[countOf(name)] = String(Math.max(Number(texts[countOf(name)] ?? 0) - 1, 0))
  return result
}

/** A list with one more row, empty but for its defaults. */
export function withRow(texts: Texts, name: string, part: RowsPart, zone: Zone): Texts {
  const count = rowsIn(texts, name, part)
  if (count >= part.most) return texts
  return {
    ...texts,
    ...textsFor(part.item, nameBelow(name, count), undefined, zone),
    [countOf(name)]: String(count + 1),
  }
}
