import { createHash } from 'node:crypto'
import type { Djet } from '../../core/index.ts'
import { DjetError } from '../../core/index.ts'
import { type Duration, milliseconds } from './duration.ts'

/** When a second task of the same key is not sent, and what becomes of it. */
export interface UniquePolicy {
  /**
   * As long as the first one waits, as long as it is not over, or for a time after it was sent, whatever became
   * of it.
   */
  during: 'waiting' | 'unfinished' | Duration
  /**
   * `keep` (when absent): the first one stays as it is. `replace`: it gets the parameters, title, priority and time
   * of the second one, unless it runs or is over. `reschedule`: only its time.
   */
  otherwise?: 'keep' | 'replace' | 'reschedule'
}

/** Checked. */
export interface Unique {
  readonly during: 'waiting' | 'unfinished' | 'period'
  /** Milliseconds; null unless it is for a period. */
  readonly period: number | null
  readonly otherwise: 'keep' | 'replace' | 'reschedule'
}

const OTHERWISE = ['keep', 'replace', 'reschedule']

/**
 * Checks a policy.
 * @throws {DjetError} JOB_INVALID, DURATION_INVALID
 */
export function checkUnique({ during, otherwise = 'keep' }: UniquePolicy, who: string): Unique {
  if (!OTHERWISE.includes(otherwise)) {
    throw new DjetError(
      'JOB_INVALID',
      `unique of ${who}: otherwise is '${otherwise}'; use one of ${OTHERWISE.join(', ')}.`,
    )
  }
  if (during === 'waiting' || during === 'unfinished') return { during, period: null, otherwise }
  return { during: 'period', period: milliseconds(during, `unique of ${who}`), otherwise }
}

/** Characters of a key that are stored as they are. */
const LONGEST = 200

/** A key as it is stored: a long one by its digest. */
export function storedKey(key: string): string {
  const clean = key.replaceAll('\0', '')
  return clean.length <= LONGEST ? clean : `sha256:${createHash('sha256').update(clean).digest('hex')}`
}

/**
 * The task that has a key at this moment, which stays as it is until the transaction ends; null: there is none,
 * and the key is the caller's, who names its task by `nameKey`. Call it inside a transaction.
 */
export async function takeKey(
  djet: Djet,
  className: string,
  key: string,
  unique: Unique,
): Promise<number | null> {
  const [row] = await djet.query<{ id: number | null }>(TAKE, [className, key, unique.during])
  return row?.id ?? null
}

const TAKE = {
  name: 'jobmachine.take_key',
  text: 'select jobmachine.take_key(jobmachine.class_id($1), $2, $3) as id',
}

const NAME = {
  name: 'jobmachine.name_key',
  text: `update jobmachine.unique_key
    set task_id = $3, until = clock_timestamp() + $4::float8 * interval '1 millisecond'
    where class_id = (select jobmachine.class_id($1)) and key = $2`,
}

/** Says whose a key is now. */
export async function nameKey(
  djet: Djet,
  className: string,
  key: string,
  unique: Unique,
  id: number,
): Promise<void> {
  await djet.query(NAME, [className, key, id, unique.period])
}
