/** What to do when rows are rejected: import the good ones, or nothing. */
export type OnError = 'skip' | 'stop'

/** Choices that all imports share. */
export interface ImportOptions {
  /** Check and report, write nothing. */
  dryRun?: boolean | undefined
  /** `skip` when absent. */
  onError?: OnError | undefined
  /** Language of the report; the site's first one when absent, or none of its. */
  language?: string | undefined
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

/** What was imported. */
export type Kind = 'customers' | 'products' | 'orders'

/**
 * What a person reads first: whole sentences, one for each thing, as translations know them. With a count of one the word
 * is its singular.
 */
export function summarise(
  kind: Kind,
  { created, updated, unchanged }: Changes,
  counts: { read: number; rejected: number },
  { dryRun, stopped }: Required<{ dryRun: boolean; stopped: boolean }>,
): string {
  const rejected = counts.rejected > 0 ? [rejectedRows(counts.rejected)] : []
  if (stopped) return ['Nothing was imported, because of errors in the files.', ...rejected].join(' ')
  const before = dryRun ? 'Dry run: ' : ''
  const nothing = dryRun ? 'nothing would change' : 'Nothing changed'
  if (counts.read === 0) return `${before}${nothing}: the files have no rows.`
  if (created + updated === 0) {
    const same = unchanged > 0 ? `: ${amount(unchanged, kind)} already there, as in the files` : ''
    return [`${before}${nothing}${same}.`, ...rejected].join(' ')
  }
  const would = dryRun ? 'would be ' : ''
  const said = [
    created > 0 ? `${amount(created, kind)} ${would}created.` : '',
    updated > 0 ? `${amount(updated, kind)} ${would}updated.` : '',
    unchanged > 0 ? `${amount(unchanged, kind)} unchanged.` : '',
  ].filter((text) => text !== '')
  return `${before}${[...said, ...rejected].join(' ')}`
}

function amount(count: number, kind: Kind): string {
  return `${count} ${count === 1 ? kind.slice(0, -1) : kind}`
}

function rejectedRows(count: number): string {
  return `${count === 1 ? '1 row was' : `${count} rows were`} rejected; see rejected-rows.csv.`
}
