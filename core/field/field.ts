/**
 * Why a value does not fit its field, in words for the person who typed it. Of a value with parts, `fields` says it of
 * each: `{ '1.price': 'must be filled in' }` is the price of the second row.
 */
export class FieldError extends Error {
  override readonly name = 'FieldError'
  readonly fields: Readonly<Record<string, string>> | undefined

  constructor(message: string, options: ErrorOptions & { fields?: Readonly<Record<string, string>> } = {}) {
    super(message, options)
    this.fields = options.fields
  }
}

/** What every field can be given, whatever its type. */
export interface FieldOptions<T, R extends boolean = boolean> {
  /** Label on pages and forms; the field's name in words when absent. */
  title?: string
  /** A line of help below the input. */
  help?: string
  /** An empty value is refused. Labels of required fields are bold. */
  required?: R
  /** Value of a new node that is given none. */
  default?: T
  /** Its text takes part in full-text search. */
  searchable?: boolean
  /** False: set when the node is made, never changed by a form afterwards. */
  updatable?: boolean
  /** False: checked in forms but never stored (a repeated password, a consent). */
  storage?: boolean
  /** CSS class put on the field's element in view and edit templates. */
  css?: string
}

/**
 * One field of a basetype: how its value is read from a form or from JSON, checked, shown and searched.
 * Made by `field.str(...)` and its kin, never by hand.
 */
export interface Field<T = unknown, R extends boolean = boolean> {
  /** Name of the type, which also names its templates `field/<type>.view.eta` and `field/<type>.edit.eta`. */
  readonly type: string
  readonly title: string | undefined
  readonly help: string | undefined
  readonly required: R
  readonly default: T | undefined
  readonly searchable: boolean
  readonly updatable: boolean
  readonly storage: boolean
  readonly css: string | undefined
  /** What is particular to the type (`maxLength`, `values`, …), for templates. */
  readonly settings: Readonly<Record<string, unknown>>
  /**
   * Turns form text or a JSON value into the stored value. Never called with an empty value
   * (undefined, null, '' — see `isEmpty`), which `required` and `default` deal with.
   * @throws {FieldError} when the value does not fit
   */
  parse(input: unknown): T
  /** The text an edit form starts with. */
  toForm(value: T): string
  /** Fields of each row, when the value is a list of rows that forms show as such. */
  readonly columns: Fields | undefined
  /**
   * Finds the value in a posted form, of a field whose inputs are several; undefined: the form does not have the field.
   * Absent: it is what was posted under the field's name.
   */
  readonly readForm: ((form: Readonly<Record<string, unknown>>, name: string) => unknown) | undefined
  /** Plain text for full-text search. */
  toText(value: T): string
}

/** The fields of a basetype by name. */
export type Fields = Readonly<Record<string, Field>>

/** The type of a field's value. */
export type ValueOf<F> = F extends Field<infer T, boolean> ? T : never
type RequiredKeys<F> = { [K in keyof F]: F[K] extends Field<infer _, true> ? K : never }[keyof F]

/** The type of `node.data` for given fields: required ones always there, the others possibly absent. */
export type DataOf<F> = { [K in RequiredKeys<F>]: ValueOf<F[K]> } & {
  [K in Exclude<keyof F, RequiredKeys<F>>]?: ValueOf<F[K]> | undefined
}
