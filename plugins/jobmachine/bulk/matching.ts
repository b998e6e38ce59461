import type { EngineContext } from '../../../core/index.ts'
import { mayCancel } from '../access.ts'
import { classCounts } from '../counts.ts'
import { BATCH } from '../jobs.ts'
import { classNames, searchOf, type TaskFilter } from '../list.ts'
import { scan } from '../search/scan.ts'
import { STATUSES, type Status } from '../status.ts'
import type { BulkAction } from './apply.ts'

/** What a bulk action would do. */
export interface Matching {
  /** Classes whose tasks this visitor may retry and cancel. */
  readonly classes: readonly string[]
  readonly n: number
  /** Whether it is so many, about so many, or so many at least. */
  readonly how: 'exactly' | 'about' | 'at least'
}

/** Tasks that are looked at to count what matches words or times. */
const COUNTED = 2000

const FOR: Readonly<Record<BulkAction, readonly Status[]>> = {
  retry: ['failed'],
  cancel: ['waiting', 'running'],
}

/**
 * How many tasks match and can be retried or cancelled by this visitor: from the counters where the filter names states
 * and a class only. Batches are meant only when the filter names their class; otherwise their tasks are.
 */
export async function matching(
  ctx: EngineContext,
  action: BulkAction,
  filter: TaskFilter,
): Promise<Matching> {
  const { djet, node } = ctx
  const classes: string[] = []
  for (const name of filter.class ? [filter.class] : await classNames(djet)) {
    if (name === BATCH && filter.class !== BATCH) continue
    if (await mayCancel(djet, node, { id: 0, class: name })) classes.push(name)
  }
  const search = await searchOf(djet, filter)
  const asked = [filter.status ?? []].flat()
  const statuses = FOR[action].filter((status) => asked.length === 0 || asked.includes(status))
  if (statuses.length === 0) return { classes, n: 0, how: 'exactly' }
  if (!search.text && !search.from && !search.to && !search.requestedBy) {
    const counts = (await classCounts(djet)).filter((each) => classes.includes(each.class))
    const n = counts.reduce((sum, each) => sum + statuses.reduce((n, status) => n + each[status], 0), 0)
    return { classes, n, how: action === 'cancel' ? 'about' : 'exactly' }
  }
  const ids = await djet.query<{ id: number }>(
    'select class_id as id from jobmachine.class where name = any ($1::text[])',
    [classes],
  )
  const numbers = STATUSES.flatMap((status, n) => (statuses.includes(status) ? [[0, 100, 200, 900][n]!] : []))
  const wanted = { ...search, isAll: false, classes: ids.map(({ id }) => id), statuses: numbers }
  const { rows, last } = await scan(djet, wanted, {
    newer: false,
    key: Number.MAX_SAFE_INTEGER,
    limit: COUNTED,
  })
  return { classes, n: rows.length, how: last === null && rows.length < COUNTED ? 'exactly' : 'at least' }
}
