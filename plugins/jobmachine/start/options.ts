import { messageOf, type Zone } from '../../../core/index.ts'
import { LONGEST_TITLE, type SendOptions } from '../send.ts'
import type { Messages } from './read.ts'

/** What a form says beside the parameters, as typed. */
export interface OptionTexts {
  readonly title: string
  readonly priority: string
  /** `2026-03-31T14:05`, by the clocks of the site unless it tells its zone. */
  readonly runAfter: string
}

/** The texts of a posted form, or of posted JSON. */
export function optionTexts(form: Readonly<Record<string, unknown>>): OptionTexts {
  const text = (value: unknown): string =>
    typeof value === 'string' ? value.trim() : typeof value === 'number' ? String(value) : ''
  return { title: text(form.title), priority: text(form.priority), runAfter: text(form.runAfter) }
}

/** What the texts say; what they say wrongly is noted in `errors`. Empty: as the job has it. */
export function readOptions(
  { title, priority, runAfter }: OptionTexts,
  errors: Messages,
  zone: Zone,
): SendOptions {
  const options: SendOptions = {}
  if (title.length > LONGEST_TITLE) errors.title = `must have at most ${LONGEST_TITLE} characters`
  else if (title.includes('\0')) errors.title = 'has characters that no text has'
  else if (title !== '') options.title = title
  if (priority !== '') {
    if (/^[+-]?\d{1,3}$/.test(priority) && Math.abs(Number(priority)) <= 100)
      options.priority = Number(priority)
    else errors.priority = 'must be a whole number from -100 to 100'
  }
  if (runAfter !== '') {
    try {
      options.runAfter = zone.read(runAfter)
    } catch (error) {
      errors.runAfter = messageOf(error)
    }
  }
  return options
}
