import type { Limits } from '../limits.ts'
import { type Claim, readClaimed } from './claim.ts'
import type { Runner } from './runner.ts'

const CLAIM = {
  name: 'jobmachine.claim_within_limits',
  text: 'select * from jobmachine.claim_within_limits($1, $2, $3, $4, $5, $6, $7, $8, $9)',
}

/**
 * Claims ready tasks of a class that has limits, as many as they leave room for.
 * @returns with `wait`: milliseconds until a rate limit lets the next one start, null when none does
 */
export async function claimLimited(
  runner: Runner,
  classId: number,
  limits: Limits,
  wanted: number,
  workerId: number,
): Promise<Claim & { readonly wait: number | null }> {
  const { concurrency, rate, perKey } = limits
  const [row] = await runner.query<{
    tasks: string | null
    parcels: number[] | null
    wait_ms: number | null
  }>(CLAIM, [
    workerId,
    classId,
    wanted,
    concurrency ?? null,
    perKey?.concurrency ?? null,
    rate?.count ?? null,
    rate?.per ?? null,
    perKey?.rate?.count ?? null,
    perKey?.rate?.per ?? null,
  ])
  const tasks = readClaimed(row?.tasks ?? null, workerId)
  return {
    tasks,
    parcels: row?.parcels ?? [],
    more: false,
    limited: [],
    fronts: [],
    wait: row?.wait_ms ?? null,
  }
}
