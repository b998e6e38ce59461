/** What every part of a parameter form has. */
interface Common {
  /** Label. */
  readonly title: string
  readonly help: string | undefined
  /** Left empty it is an error; otherwise it is left out, and the schema's default holds. */
  readonly required: boolean
  /** Left empty it is null, when it is required. */
  readonly nullable: boolean
  /** The schema's default, with which the form begins. */
  readonly initial: unknown
}

export interface TextPart extends Common {
  readonly kind: 'text'
  /** Type of the input; `area`: several lines. */
  readonly input: 'text' | 'area' | 'email' | 'url' | 'date' | 'time' | 'datetime-local'
  /** A moment: typed by the clocks of the site, which the form names, and sent as UTC. */
  readonly moment: boolean
  readonly minLength: number | undefined
  readonly maxLength: number | undefined
  readonly pattern: string | undefined
}

export interface NumberPart extends Common {
  readonly kind: 'number'
  readonly min: number | undefined
  readonly max: number | undefined
  /** Of the input: a number or `any`. */
  readonly step: string
}

/** A box to tick. */
export interface CheckPart extends Common {
  readonly kind: 'check'
}

export interface Option {
  /** As the form has it. */
  readonly key: string
  readonly label: string
  readonly value: unknown
}

/** One of several values. */
export interface ChoicePart extends Common {
  readonly kind: 'choice'
  readonly options: readonly Option[]
}

/** Any of several values: a list of boxes to tick. */
export interface ManyPart extends Common {
  readonly kind: 'many'
  /** Entries it must have. */
  readonly least: number
  readonly options: readonly Option[]
}

/** A list of simple values, one a line. */
export interface LinesPart extends Common {
  readonly kind: 'lines'
  /** Entries it must have. */
  readonly least: number
  readonly item: TextPart | NumberPart
}

export interface GroupPart extends Common {
  readonly kind: 'group'
  readonly parts: ReadonlyMap<string, Part>
}

/** A list of groups: rows that are added and removed. */
export interface RowsPart extends Common {
  readonly kind: 'rows'
  readonly item: GroupPart
  readonly least: number
  readonly most: number
}

/** The id of a file that is uploaded with the form: `z.string().meta({ widget: 'file' })`. */
export interface FilePart extends Common {
  readonly kind: 'file'
  /** Media types and endings, e.g. `text/csv`, `.csv`. */
  readonly accept: readonly string[]
  /** Bytes. */
  readonly maxSize: number | undefined
}

/** The only value there may be. */
export interface FixedPart extends Common {
  readonly kind: 'fixed'
  readonly value: unknown
}

/** Whatever no other kind fits, as JSON text. */
export interface JsonPart extends Common {
  readonly kind: 'json'
}

/** One part of a form made from a job's parameter schema. */
export type Part =
  | TextPart
  | NumberPart
  | CheckPart
  | ChoicePart
  | ManyPart
  | LinesPart
  | GroupPart
  | RowsPart
  | FilePart
  | FixedPart
  | JsonPart

/** What the inputs of parameters are called begins with it. */
export const ROOT = 'params'

/** Name of the input of a property or of a row. */
export function nameBelow(name: string, key: string | number): string {
  return `${name}/${encodeURIComponent(key)}`
}

/** Name of the hidden input that says how many rows there are. */
export function countOf(name: string): string {
  return `${name}/*`
}
