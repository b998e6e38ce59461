/** What to do when rows are rejected: import the good ones, or nothing. */
export type OnError = 'skip' | 'stop'

/** Choices that all imports share. */
export interface ImportOptions {
  /** Check and report, write nothing. */
  dryRun?: boolean | undefined
  /** `skip` when absent. */
  onError?: OnError | undefined
}

/** One rejected row. */
export interface RejectedRow {
  readonly file: string
  readonly line: number
  /** What the row is about: the number of its customer, product or order. */
  readonly key: string
  readonly reason: string
}

export interface Changes {
  readonly created: number
  readonly updated: number
  readonly unchanged: number
}

/**
 * What an import did, or in a dry run would have done. `created`, `updated` and `unchanged` count customers,
 * products or orders; `read` and `rejected` count rows of all files.
 */
export interface ImportResult extends Changes {
  /** The whole in one or two sentences. */
  readonly message: string
  readonly read: number
  readonly rejected: number
  readonly dryRun: boolean
  /** The same for the categories that came with products. */
  readonly categories?: Changes
  /** What the reader should know besides: ignored columns, orders that were left as they are. */
  readonly notices: readonly string[]
  /** The first rejected rows; all of them are in the report. */
  readonly firstRejected: readonly RejectedRow[]
  /** Id of the stored `rejected-rows.csv`, when rows were rejected; in a task it is a result of its own as well. */
  readonly report?: string
}

/** Words for what was imported. */
export interface Kind {
  readonly one: string
  readonly many: string
}

/** The sentence a person reads first. */
export function summarise(
  kind: Kind,
  changes: Changes,
  counts: { read: number; rejected: number },
  options: Required<{ dryRun: boolean; stopped: boolean }>,
): string {
  const { created, updated, unchanged } = changes
  const rejected = counts.rejected > 0 ? ` ${rows(counts.rejected)} rejected; see rejected-rows.csv.` : ''
  if (options.stopped) return `Nothing was imported, because of errors in the files.${rejected}`
  const { dryRun } = options
  const nothing = dryRun ? 'Dry run: nothing would change' : 'Nothing changed'
  if (counts.read === 0) return `${nothing}: the files have no rows.`
  if (created + updated === 0) {
    const same = unchanged > 0 ? `: ${amount(unchanged, kind)} already there, as in the files` : ''
    return `${nothing}${same}.${rejected}`
  }
  const would = dryRun ? 'would be ' : ''
  const parts = [
    created > 0 ? `${amount(created, kind)} ${would}created` : '',
    updated > 0 ? `${created > 0 ? updated : amount(updated, kind)} ${would}updated` : '',
    unchanged > 0 ? `${unchanged} unchanged` : '',
  ].filter((part) => part !== '')
  return `${dryRun ? 'Dry run: ' : ''}${parts.join(', ')}.${rejected}`
}

function amount(count: number, kind: Kind): string {
  return `${count} ${count === 1 ? kind.one : kind.many}`
}

function rows(count: number): string {
  return count === 1 ? '1 row was' : `${count} rows were`
}
