import { DjetError, type Zone } from '../../../core/index.ts'
import type { TaskFilter } from '../list.ts'

/** A filter as it stands in an address: `status=failed&status=waiting&class=…&from=…&to=…&text=…&by=…`. */
export interface FilterTexts {
  readonly status: readonly string[]
  readonly class: string
  readonly from: string
  readonly to: string
  readonly text: string
  readonly by: string
}

const DAY = /^\d{4}-\d\d-\d\d$/
const LONGEST = 200

/**
 * Reads the filter of an address. Several states are repeated or parted by commas.
 * @throws {DjetError} JOBS_FILTER, 400
 */
export function textsOf(query: URLSearchParams): FilterTexts {
  const one = (name: string) => short(query.getAll(name).at(-1)?.trim() ?? '', name)
  return {
    status: query
      .getAll('status')
      .flatMap((words) => words.split(',').map((word) => word.trim()))
      .filter(Boolean),
    class: one('class'),
    from: one('from'),
    to: one('to'),
    text: one('text'),
    by: one('by'),
  }
}

/**
 * What the texts mean.
 * @throws {DjetError} JOBS_FILTER, 400, for a time that is none
 */
export function filterOf(texts: FilterTexts, zone: Zone): TaskFilter {
  return {
    status: texts.status,
    class: texts.class || undefined,
    from: timeOf(texts.from, 'from', zone),
    to: timeOf(texts.to, 'to', zone),
    text: texts.text || undefined,
    requestedBy: texts.by || undefined,
  }
}

/** The filter as it goes into an address. */
export function queryOf(texts: FilterTexts): URLSearchParams {
  const { status, ...others } = texts
  const query = new URLSearchParams(status.map((word): [string, string] => ['status', word]))
  for (const [name, value] of Object.entries(others)) if (value !== '') query.set(name, value)
  return query
}

/** Without a zone it is by the clocks of the site, as the page shows times. */
function timeOf(text: string, name: string, zone: Zone): Date | undefined {
  if (text === '') return undefined
  try {
    return DAY.test(text) ? zone.startOf(text) : zone.read(text)
  } catch (cause) {
    const like = 'it must be a time such as 2026-05-31 or 2026-05-31T14:30'
    const message = `'${name}' is '${text.slice(0, 50)}'; ${like} (${zone.name}).`
    throw new DjetError('JOBS_FILTER', message, { status: 400, cause })
  }
}

function short(text: string, name: string): string {
  if (text.length <= LONGEST && !text.includes('\0')) return text
  throw new DjetError('JOBS_FILTER', `'${name}' takes up to ${LONGEST} characters.`, { status: 400 })
}
