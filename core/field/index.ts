import { boolean } from './boolean.ts'
import { choices } from './choices.ts'
import { date } from './date.ts'
import { email } from './email.ts'
import { enumeration } from './enum.ts'
import { file } from './file.ts'
import { group } from './group.ts'
import { html } from './html.ts'
import { int } from './int.ts'
import { link } from './link.ts'
import { node } from './node.ts'
import { number } from './number.ts'
import { price } from './price.ts'
import { protectedValue } from './protected.ts'
import { str } from './str.ts'
import { structured } from './structured.ts'
import { text } from './text.ts'

/**
 * The field types of Djet. What they are given at the basetype is the type of `node.data`.
 *
 * @example
 * fields: { sku: field.str({ required: true }), price: field.price(), state: field.enum(['open', 'shipped']) }
 */
export const field = Object.freeze({
  str,
  text,
  int,
  number,
  boolean,
  date,
  email,
  enum: enumeration,
  choices,
  group,
  file,
  html,
  link,
  price,
  protected: protectedValue,
  structured,
  node,
})

export type { DateOptions } from './date.ts'
export { defineField, type FieldDefinition } from './define.ts'
export type { Choice, EnumOptions } from './enum.ts'
export { type DataOf, type Field, FieldError, type FieldOptions, type Fields, type ValueOf } from './field.ts'
export type { FileOptions } from './file.ts'
export type { GroupOptions } from './group.ts'
export type { HtmlOptions } from './html.ts'
export type { IntOptions } from './int.ts'
export type { Json } from './json.ts'
export type { NodeFieldOptions } from './node.ts'
export type { NumberOptions } from './number.ts'
export { isEmpty, type ParsedData, type ParseOptions, parseData } from './parse.ts'
export type { PriceOptions } from './price.ts'
export { readText, type TextLimits } from './read-text.ts'
export type { StrOptions } from './str.ts'
export type { Structure, StructuredOptions } from './structured.ts'
export type { TextOptions } from './text.ts'
export { fieldTitle, problemTitle } from './title.ts'
