import { authenticate, type Djet, DjetError } from '../../../core/index.ts'
import type { Settings } from '../options.ts'
import { countAttempt, forgetAttempts } from './attempts.ts'

/**
 * Makes sure that it is the owner of the account who sits there, by his password. Wrong ones count as they do at
 * the login.
 *
 * @param field name of the input, for the message
 * @throws {DjetError} PASSWORD_WRONG 422, TOO_MANY_ATTEMPTS 429
 */
export async function confirmPassword(
  djet: Djet,
  settings: Settings,
  password: string,
  field = 'current',
): Promise<void> {
  const login = djet.user?.login ?? ''
  await countAttempt(djet, settings, 'account', login)
  if ((await authenticate(djet, login, password)) === null) {
    const problem = 'is not your password'
    throw new DjetError('PASSWORD_WRONG', `this ${problem}.`, { status: 422, fields: { [field]: problem } })
  }
  await forgetAttempts(djet, settings, 'account', login)
}
