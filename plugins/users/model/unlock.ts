import { type Djet, DjetError, findAccount } from '../../../core/index.ts'
import type { Settings } from '../options.ts'
import { forgetAttempts } from './attempts.ts'

/**
 * Forgets the wrong passwords and codes of an account, so that its owner need not wait.
 * @throws {DjetError} LOGIN_UNKNOWN, 404
 */
export async function unlock(djet: Djet, settings: Settings, login: string): Promise<void> {
  const account = await findAccount(djet, login)
  if (!account) throw new DjetError('LOGIN_UNKNOWN', `there is no user '${login}'.`, { status: 404 })
  await forgetAttempts(djet, settings, 'account', account.login)
  await forgetAttempts(djet, settings, 'code', String(account.id))
  await forgetAttempts(djet, settings, 'mail', account.login)
  await djet.audit({ action: 'users.unlock', subject: account.login })
}
