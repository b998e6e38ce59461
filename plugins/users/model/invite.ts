import { type Djet, DjetError } from '../../../core/index.ts'
import { mailInvitation } from './mails.ts'
import { makeToken } from './token.ts'
import { accountOf, requireMayManage } from './user.ts'

/**
 * Mails a user a link with which he chooses his first password, good for 7 days and once; links mailed before are
 * worth nothing then.
 *
 * @param link address of the page of such links, `https://example.com/login/link`
 * @throws {DjetError} EMAIL_MISSING 422, USER_READY 409, MAIL_FAILED 502
 */
export async function invite(djet: Djet, { nodeId, link }: { nodeId: number; link: string }): Promise<void> {
  const { id, login, name, email, ready, enabled, roles } = await accountOf(djet, { nodeId })
  requireMayManage(djet, { roles })
  if (ready) {
    throw new DjetError('USER_READY', `${login} has a password already.`, { status: 409 })
  }
  if (!enabled) throw new DjetError('USER_DISABLED', `${login} is disabled.`, { status: 409 })
  if (email === null) {
    const problem = 'is needed for an invitation'
    throw new DjetError('EMAIL_MISSING', `an e-mail address ${problem}.`, {
      status: 422,
      fields: { email: problem },
    })
  }
  const token = await djet.transaction(async (djet) => {
    await djet.audit({ action: 'users.invite', subject: login, nodeId })
    return makeToken(djet, { accountId: id, purpose: 'invitation', data: { email } })
  })
  await mailInvitation(djet, { login, name, email }, `${link}/${token}`, djet.user?.name)
}
