import { isDeepStrictEqual } from 'node:util'
import { type Field, isEmpty, makeField, type SiteField, type SiteType } from '../../../../core/index.ts'

/** What becomes of one field. */
export type FieldChange = 'added' | 'removed' | 'renamed' | 'retyped' | 'changed' | 'same'

/** What becomes of the values of one field when a definition replaces another. */
export interface FieldPlan {
  readonly change: FieldChange
  readonly name: string
  /** Name it had before; null: it is new. */
  readonly from: string | null
  readonly type: string
  /** Type it had before. */
  readonly fromType: string | null
  /** The field as it will be; null: it is removed. */
  readonly field: Field | null
  /** Values are read by the new rules and stored as these say. */
  readonly converts: boolean
  /** Where values go that cannot be read so. */
  readonly aside: string | null
  /** Stored where there is no value. */
  readonly fill: unknown
}

/** What a change of a type does to the data of its nodes. */
export interface TypePlan {
  readonly fields: readonly FieldPlan[]
  /** Fields that its nodes may still have values of, but the type no longer. */
  readonly retired: SiteType['retired']
  /** The data of its nodes must be gone through. */
  readonly touchesData: boolean
}

/** New names of fields with the names they had. */
export type Renames = Readonly<Record<string, string>>

/** What changing a type from one definition to another means, field by field. */
export function planChange(before: SiteType, after: SiteType, renames: Renames): TypePlan {
  const old = new Map(before.fields.map((field) => [field.name, field]))
  const hidden = new Map(before.retired.map(({ name, type }) => [name, type]))
  const names = new Set(after.fields.map(({ name }) => name))
  const sourceOf = ({ name }: SiteField): SiteField | undefined => {
    const from = Object.hasOwn(renames, name) ? renames[name] : undefined
    if (from !== undefined && old.has(from)) return old.get(from)
    // A field whose name another one takes over is not itself any more.
    return Object.entries(renames).some(([to, source]) => source === name && to !== name)
      ? undefined
      : old.get(name)
  }
  const used = new Set(after.fields.map((field) => sourceOf(field)?.name))
  const taken = new Set([...names, ...old.keys(), ...hidden.keys()])
  const asideFor = (name: string, type: string): string => {
    let free = `${name}_${type}`
    for (let n = 2; taken.has(free); n++) free = `${name}_${type}${n}`
    taken.add(free)
    return free
  }
  const retired = new Map(hidden)
  const fields = after.fields.map((field): FieldPlan => {
    const source = sourceOf(field)
    const fromType = source?.type ?? hidden.get(field.name) ?? null
    retired.delete(field.name)
    const converts = source === undefined || source.type !== field.type
    const aside = converts && fromType !== null ? asideFor(field.name, fromType) : null
    if (aside !== null && fromType !== null) retired.set(aside, fromType)
    const made = makeField(field)
    const wasOptional = source === undefined || !source.required
    return {
      change: kindOf(source, field),
      name: field.name,
      from: source?.name ?? null,
      type: field.type,
      fromType,
      field: made,
      converts,
      aside,
      fill: made.required && wasOptional ? made.default : undefined,
    }
  })
  const removed = before.fields
    .filter(({ name }) => !used.has(name))
    .map(({ name, type }): FieldPlan => {
      // Its values stay where they are, unless another field is called so now.
      const kept = names.has(name) ? asideFor(name, type) : name
      retired.set(kept, type)
      const aside = kept === name ? null : kept
      const rest = { field: null, converts: false, fill: undefined }
      return { change: 'removed', name, from: name, type, fromType: type, aside, ...rest }
    })
  const all = [...fields, ...removed]
  return {
    fields: all,
    retired: [...retired].map(([name, type]) => ({ name, type })),
    touchesData: all.some(
      ({ change, from, fromType, converts, aside, fill }) =>
        change === 'renamed' ||
        fill !== undefined ||
        (change === 'removed' ? aside !== null : converts && (from !== null || fromType !== null)),
    ),
  }
}

function kindOf(source: SiteField | undefined, field: SiteField): FieldChange {
  if (source === undefined) return 'added'
  if (source.type !== field.type) return 'retyped'
  if (source.name !== field.name) return 'renamed'
  return isDeepStrictEqual(source, field) ? 'same' : 'changed'
}

type Data = Readonly<Record<string, unknown>>

/**
 * Data of a node as a plan makes it; the very same object when nothing changes.
 * @param used names under which values were put that the new rules cannot read
 */
export function movedData(plan: TypePlan, data: Data, used: Set<string>): Data {
  const result: Record<string, unknown> = { ...data }
  const put = (name: string | null, value: unknown): void => {
    if (name !== null) result[name] = value
  }
  // All are taken out before any is put in: two fields may change places.
  for (const { name, from } of plan.fields) {
    delete result[name]
    if (from !== null) delete result[from]
  }
  for (const one of plan.fields) {
    const { name, from, field, fromType, converts, aside, fill } = one
    const value = data[from ?? name]
    if (field === null) {
      put(aside ?? name, value)
      continue
    }
    const converted = converts && fromType !== null ? convert(value, fromType, one.type, field) : { value }
    if (converted === undefined) {
      put(aside, value)
      if (aside !== null) used.add(aside)
    } else put(name, isEmpty(converted.value) ? fill : converted.value)
    // What an earlier field of this name left behind makes room.
    if (from !== null && name !== from && data[name] !== undefined) keepOther(plan, data, name, result)
  }
  for (const [name, value] of Object.entries(result))
    if (value === undefined || value === null) delete result[name]
  return isDeepStrictEqual(result, data) ? data : result
}

/** A value left by a field that is gone, where a field is now called so: under the first free name. */
function keepOther(plan: TypePlan, data: Data, name: string, result: Record<string, unknown>): void {
  // Another field of the type has it and takes it along.
  if (plan.fields.some(({ from }) => from === name)) return
  let free = `${name}_before`
  for (let n = 2; free in data || free in result; n++) free = `${name}_before${n}`
  result[free] = data[name]
}

/** A value as another type of field stores it; undefined when it cannot be read as such. */
export function convert(
  value: unknown,
  fromType: string,
  type: string,
  field: Field,
): { value: unknown } | undefined {
  if (isEmpty(value)) return { value: undefined }
  if (fromType !== type && (fromType === 'file' || fromType === 'node' || type === 'file' || type === 'node'))
    return undefined
  for (const form of formsOf(value, fromType, type)) {
    try {
      return { value: field.parse(form) }
    } catch {
      // The next form may fit.
    }
  }
  return undefined
}

/** Ways to say a value so that another type of field may understand it. */
function formsOf(value: unknown, fromType: string, type: string): unknown[] {
  if (fromType === type) return [value]
  if (typeof value === 'string' && type === 'html') return [paragraphOf(value)]
  if (typeof value === 'string' && fromType === 'html')
    return [makeField({ name: '_', type: 'html' }).toText(value)]
  if (typeof value === 'object') return [value, makeField({ name: '_', type: 'structured' }).toForm(value)]
  return [value, String(value)]
}

function paragraphOf(text: string): string {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  return `<p>${escaped.replaceAll('\n', '<br>')}</p>`
}
