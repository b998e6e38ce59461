import {
  createToken,
  type Djet,
  DjetError,
  revokeTokens,
  type TokenInfo,
  type Zone,
} from '../../../core/index.ts'
import type { UserAccount } from './user.ts'

/** Days a token is good for where nobody says otherwise. */
export const USUAL_DAYS = 90

export interface WantedToken {
  name: string
  scopes: readonly string[]
  /** Last day it is good for, `YYYY-MM-DD`; empty: it has no end. */
  until: string
}

type Owner = Pick<UserAccount, 'id' | 'login'>

/**
 * Makes a token of a user, which is told this once.
 * @throws {DjetError} TOKEN_INVALID 422, TOKEN_MOST 409
 */
export function makeApiToken(
  djet: Djet,
  { id, login }: Owner,
  { name, scopes, until }: WantedToken,
): Promise<TokenInfo & { token: string }> {
  return djet.transaction(async (djet) => {
    const token = await createToken(djet, {
      accountId: id,
      name,
      scopes,
      expires: endOf(until, djet.app.zone),
    })
    const data = { name: token.name, scopes: token.scopes, expires: token.expires }
    await djet.audit({ action: 'users.token', subject: login, data })
    return token
  })
}

/** Makes tokens of a user worthless, one or all; how many went. */
export function revokeApiTokens(djet: Djet, { id: accountId, login }: Owner, id?: number): Promise<number> {
  return djet.transaction(async (djet) => {
    const gone = await revokeTokens(djet, { accountId, ...(id === undefined ? {} : { id }) })
    for (const { name } of gone) {
      await djet.audit({ action: 'users.token-revoke', subject: login, data: { name } })
    }
    return gone.length
  })
}

/** The end of a day by the clocks of the site. @throws {DjetError} TOKEN_INVALID, 422 */
function endOf(until: string, zone: Zone): Date | null {
  if (until === '') return null
  try {
    return new Date(zone.startOf(until, 1).getTime() - 1)
  } catch (error) {
    const problem = 'must be a date such as 2026-03-31'
    throw new DjetError('TOKEN_INVALID', `the last day ${problem}.`, {
      status: 422,
      cause: error,
      fields: { expires: problem },
    })
  }
}
