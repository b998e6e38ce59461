import { type Djet, DjetError, encodePath, endSessions } from '../../../core/index.ts'
import type { Settings } from '../options.ts'
import { invite } from './invite.ts'
import { endWeakSessions, removeFactor } from './second-factor.ts'
import { changeRoles, requireMayManage, type UserAccount } from './user.ts'

/**
 * What administrators do to one user, by the pages and by the API. All of it is noted, and refused to those who may edit
 * users but are no administrators when the user is one.
 */

/**
 * Gives a user other roles; his sessions end when they demand a second factor and he has none.
 * @throws {DjetError} ROLE_INVALID 422, LAST_ADMIN 409, ADMIN_ONLY 403
 */
export async function giveRoles(
  djet: Djet,
  settings: Settings,
  { login }: Pick<UserAccount, 'login'>,
  roles: readonly string[],
): Promise<void> {
  await djet.transaction(async (djet) => {
    await changeRoles(djet, { login, roles })
    await endWeakSessions(djet, settings.secondFactor)
  })
}

/** Takes a user's second factor away and ends his sessions. False: he had none. @throws {DjetError} ADMIN_ONLY 403 */
export function resetFactor(djet: Djet, account: UserAccount): Promise<boolean> {
  requireMayManage(djet, account)
  return djet.transaction(async (djet) => {
    const there = await removeFactor(djet, account.id)
    await endSessions(djet, { accountId: account.id })
    await djet.audit({ action: 'users.second-factor-reset', ...subjectOf(account) })
    return there
  })
}

/** Ends sessions of a user: one of them, or all; how many ended. @throws {DjetError} ADMIN_ONLY 403 */
export function endSessionsOf(djet: Djet, account: UserAccount, id?: number): Promise<number> {
  requireMayManage(djet, account)
  return djet.transaction(async (djet) => {
    const ended = await endSessions(djet, { accountId: account.id, ...(id === undefined ? {} : { id }) })
    await djet.audit({ action: 'users.end-sessions', ...subjectOf(account), data: { ended } })
    return ended
  })
}

/**
 * Mails an invitation, see `invite`.
 *
 * @param base what links in mails begin with, `https://example.com`
 * @throws {DjetError} EMAIL_MISSING 422, USER_READY and USER_DISABLED 409, MAIL_FAILED 502
 */
export async function sendInvitation(
  djet: Djet,
  { nodeId, base }: { nodeId: number; base: string },
): Promise<void> {
  await invite(djet, { nodeId, link: await linkOf(djet, base) })
}

/**
 * The same for a user who was just made: what the mail server refuses is told, not thrown, since the user is there all the
 * same and can be invited again.
 *
 * @returns why it was not sent; null: it was
 */
export async function tryInvite(djet: Djet, to: { nodeId: number; base: string }): Promise<string | null> {
  try {
    await sendInvitation(djet, to)
    return null
  } catch (error) {
    if (!(error instanceof DjetError) || error.code !== 'MAIL_FAILED') throw error
    return error.message
  }
}

/** Address of the page of such links. */
async function linkOf(djet: Djet, base: string): Promise<string> {
  const [login] = await djet.query<{ path: string }>(
    "select path from djet.node where basetype = 'login' limit 1",
  )
  return `${base}${encodePath(login?.path ?? djet.config.login)}/link`
}

/** Who has no password is invited by mail. @throws {DjetError} EMAIL_MISSING, 422 */
export function requireReachable({ password, email }: { password?: string; email?: string }): void {
  if (password !== undefined || email !== undefined) return
  const problem = 'is needed for the invitation of somebody without a password'
  throw new DjetError('EMAIL_MISSING', `an e-mail address ${problem}.`, {
    status: 422,
    fields: { email: problem },
  })
}

function subjectOf({ login, nodeId }: UserAccount) {
  return { subject: login, nodeId }
}
