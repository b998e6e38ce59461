import { z } from 'zod'
import type { Djet } from '../../../core/index.ts'
import { defineJob } from '../job.ts'
import { BULK } from '../jobs.ts'
import { searchOf } from '../list.ts'
import { scan } from '../search/scan.ts'
import { applyTo } from './apply.ts'

/** Tasks of one statement. */
const PIECE = 500

const filter = z.strictObject({
  status: z.array(z.enum(['waiting', 'running', 'finished', 'failed'])).default([]),
  class: z.string().optional(),
  from: z.iso.datetime().optional(),
  to: z.iso.datetime().optional(),
  text: z.string().optional(),
  requestedBy: z.string().optional(),
})

const params = z.strictObject({
  action: z.enum(['retry', 'cancel']),
  filter,
  /** Classes that whoever asked may cancel and retry. */
  classes: z.array(z.string()),
  /** Newest task that is meant: of later ones nobody has said anything. */
  upTo: z.int(),
  /** When it was asked for: what failed later is left alone. */
  asked: z.iso.datetime(),
  /** Who asked. */
  by: z.string(),
  /** How many there are, more or less. */
  about: z.int().nullable(),
})

/** What the task of a bulk action is told. */
export type BulkParams = z.input<typeof params>

/** Retries or cancels all tasks that match a filter, in pieces, newest first. It may be repeated without harm. */
async function run(djet: Djet, { action, filter, classes, upTo, asked, by, about }: z.output<typeof params>) {
  const allowed = await djet.query<{ id: number }>(
    'select class_id as id from jobmachine.class where name = any ($1::text[])',
    [classes],
  )
  const ids = new Set(allowed.map(({ id }) => id))
  const search = await searchOf(djet, {
    ...filter,
    from: filter.from === undefined ? undefined : new Date(filter.from),
    to: filter.to === undefined ? undefined : new Date(filter.to),
  })
  const states = action === 'retry' ? [900] : [0, 100]
  const wanted = {
    ...search,
    isAll: false,
    classes: search.classes.filter((id) => ids.has(id)),
    statuses: search.statuses.filter((status) => states.includes(status)),
  }
  let looked = 0
  let changed = 0
  for (let key: number | null = upTo + 1; key !== null; ) {
    djet.signal.throwIfAborted()
    const { rows, last } = await scan(djet, wanted, { newer: false, key, limit: PIECE })
    changed += await applyTo(djet, action, rows, { by: `cancelled by ${by}`, before: new Date(asked) })
    looked += rows.length
    djet.task?.progress(looked, Math.max(about ?? 0, looked), action === 'retry' ? 'sent back' : 'cancelled')
    key = rows.length === PIECE ? rows.at(-1)!.id : (last?.id ?? null)
  }
  const result = { [action === 'retry' ? 'retried' : 'cancelled']: changed, 'left alone': looked - changed }
  await djet.audit({ action: `jobmachine.bulk-${action}-done`, login: by, data: { ...result, filter } })
  return result
}

/** Class of the tasks that do something with all that match a filter. Only the jobs page sends them. */
export const bulk = defineJob(BULK, run, {
  params,
  label: 'Retry or cancel many tasks',
  title: ({ action, about }) =>
    `${action === 'retry' ? 'Retry' : 'Cancel'} ${about === null ? 'tasks' : `about ${about} tasks`}`,
  timeout: '12h',
  retries: 20,
  priority: -10,
})
