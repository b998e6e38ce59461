import { defineField } from './define.ts'
import { type Field, FieldError, type FieldOptions } from './field.ts'
import { checkRange } from './range.ts'

export interface DateOptions<R extends boolean = boolean> extends FieldOptions<string, R> {
  /** Earliest day allowed, `YYYY-MM-DD`. */
  min?: string
  /** Latest day allowed, `YYYY-MM-DD`. */
  max?: string
}

/** A day of the calendar as text `YYYY-MM-DD`, without time and zone. @example field.date({ title: 'Placed' }) */
export function date<const R extends boolean = false>(options: DateOptions<R> = {}): Field<string, R> {
  const { min, max } = options
  return defineField(options, {
    type: 'date',
    settings: { min, max },
    parse(input) {
      const day = typeof input === 'string' ? input.trim() : ''
      if (!isDay(day)) throw new FieldError('must be a date such as 2026-03-31')
      checkRange(day, { min, max })
      return day
    },
  })
}

/** Whether it is a day that exists, written `YYYY-MM-DD`. */
export function isDay(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text) || text.startsWith('0000')) return false
  const time = Date.parse(`${text}T00:00:00Z`)
  // some engines roll 02-30 over to March instead of refusing it
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text)
}
