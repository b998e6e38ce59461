import { countOf, nameBelow, type Part, type RowsPart } from './part.ts'

/** What stands in the inputs of a form, by their names. A box that is ticked is `on`. */
export type Texts = Readonly<Record<string, string>>

/**
 * The texts a form begins with.
 * @param value of the part; undefined: the schema's defaults
 */
export function textsFor(part: Part, name: string, value: unknown): Texts {
  const texts: Record<string, string> = Object.create(null)
  fill(texts, part, name, value === undefined ? part.initial : value)
  return texts
}

function fill(texts: Record<string, string>, part: Part, name: string, value: unknown): void {
  switch (part.kind) {
    case 'group':
      for (const [key, each] of part.parts) {
        const given = property(value, key)
        fill(texts, each, nameBelow(name, key), given === undefined ? each.initial : given)
      }
      return
    case 'rows': {
      const rows = Array.isArray(value) ? value : []
      const count = Math.max(rows.length, part.least, part.required ? 1 : 0)
      texts[countOf(name)] = String(count)
      for (let n = 0; n < count; n++) fill(texts, part.item, nameBelow(name, n), rows[n])
      return
    }
    case 'fixed':
      return
    default:
      // A file belongs to the task it was uploaded for.
      texts[name] = part.kind === 'file' ? '' : textOf(part, value)
  }
}

function textOf(part: Exclude<Part, { kind: 'group' | 'rows' | 'fixed' }>, value: unknown): string {
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
      return [value].flat().map(plain).join('\n')
    case 'text':
      return part.utc
        ? plain(value)
            .replace(/(:\d\d)\.\d+/, '$1')
            .replace(/Z$/, '')
        : plain(value)
    default:
      return plain(value)
  }
}

function plain(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : JSON.stringify(value)
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
export function withRow(texts: Texts, name: string, part: RowsPart): Texts {
  const count = rowsIn(texts, name, part)
  if (count >= part.most) return texts
  return {
    ...texts,
    ...textsFor(part.item, nameBelow(name, count), undefined),
    [countOf(name)]: String(count + 1),
  }
}
