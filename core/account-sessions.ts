import type { Djet } from './scope.ts'

/** One place where somebody is logged in. */
export interface AccountSession {
  readonly id: number
  /** Address of the last visit but for five minutes; null: not known. */
  readonly address: string | null
  /** What the browser says it is. */
  readonly userAgent: string | null
  readonly created: Date
  /** Last visit, to within five minutes. */
  readonly seen: Date
}

/** Sessions that are listed. */
const MOST = 100

/** The sessions of an account, the latest visit first, at most 100. */
export function sessionsOf(djet: Djet, accountId: number): Promise<AccountSession[]> {
  return djet.query<AccountSession>(
    `select id, address, user_agent as "userAgent", created, seen from djet.session
     where account_id = $1 and expires > now() order by seen desc limit ${MOST}`,
    [accountId],
  )
}

/**
 * Ends sessions of an account: one of them, all but one, or all. The number of those that ended.
 *
 * @example await endSessions(djet, { accountId, except: ctx.session.id })
 */
export async function endSessions(
  djet: Djet,
  { accountId, id, except }: { accountId: number; id?: number; except?: number | undefined },
): Promise<number> {
  const ended = await djet.query(
    `delete from djet.session where account_id = $1
       and ($2::bigint is null or id = $2) and ($3::bigint is null or id <> $3) returning 1`,
    [accountId, id ?? null, except ?? null],
  )
  return ended.length
}
