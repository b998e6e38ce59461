import type { Djet } from '../../../../core/index.ts'
import { countRejected, firstRejected, writeReport } from './report.ts'
import { type Changes, type ImportOptions, type ImportResult, type Kind, summarise } from './result.ts'
import type { Stage } from './stage.ts'

/** Rejected rows shown in the result itself. */
const SHOWN = 10

export interface Finish {
  readonly kind: Kind
  readonly stages: readonly Stage[]
  readonly options: ImportOptions
  /** What the good rows change; asked when all rows are checked. */
  changes(): Promise<Changes>
  categories?(): Promise<Changes>
  /** Notices besides those of the reader; asked before anything is written. */
  notices?(): Promise<readonly string[]>
  /** Writes the good rows. */
  write(): Promise<void>
}

/** The end all imports have in common: count, write (unless dry or stopped), report. */
export async function finishImport(djet: Djet, finish: Finish): Promise<ImportResult> {
  const { kind, stages, options } = finish
  const dryRun = options.dryRun ?? false
  const read = stages.reduce((sum, stage) => sum + stage.read, 0)
  const rejected = await countRejected(djet, stages)
  const stopped = rejected > 0 && options.onError === 'stop'
  const nothing: Changes = { created: 0, updated: 0, unchanged: 0 }
  const changes = stopped ? nothing : await finish.changes()
  const categories = stopped ? nothing : await finish.categories?.()
  const notices = [...stages.flatMap((stage) => stage.notices), ...((await finish.notices?.()) ?? [])]
  if (!dryRun && !stopped) {
    djet.task?.progress(read, read, 'Writing')
    await finish.write()
    djet.task?.progress(read, read, 'All rows read and written')
  }
  const report = rejected > 0 ? await writeReport(djet, stages, options.language) : undefined
  return {
    message: summarise(kind, changes, { read, rejected }, { dryRun, stopped }),
    read,
    ...changes,
    rejected,
    dryRun,
    ...(finish.categories === undefined || categories === undefined ? {} : { categories }),
    notices,
    firstRejected: await firstRejected(djet, stages, SHOWN),
    ...(report === undefined ? {} : { report }),
  }
}
