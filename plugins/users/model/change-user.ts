import { type Djet, DjetError } from '../../../core/index.ts'
import type { Settings } from '../options.ts'
import { requireLanguage, setLanguage } from './language.ts'
import { userLine } from './list.ts'
import { giveRoles } from './manage.ts'
import { accountOf, requireMayManage } from './user.ts'

/** What is changed of a user at once; what is absent stays. */
export interface UserChange {
  readonly name?: string
  /** Null: he has none. */
  readonly email?: string | null
  readonly roles?: readonly string[]
  /** Language of the interface; null: none of his own. */
  readonly language?: string | null
}

/**
 * Changes name, e-mail address, roles and language of a user, all or nothing. Needs `edit` at his page.
 *
 * @param ifVersion `UserLine`'s version that the change begins with; absent: whatever is there
 * @throws {DjetError} USER_UNKNOWN 404, USER_CHANGED and LAST_ADMIN 409, ROLE_INVALID, FIELD_INVALID and LANGUAGE_UNKNOWN
 * 422, ADMIN_ONLY 403
 */
export async function changeUser(
  djet: Djet,
  settings: Settings,
  nodeId: number,
  { name, email, roles, language }: UserChange,
  ifVersion?: string,
): Promise<void> {
  await djet.transaction(async (djet) => {
    await djet.require('edit', nodeId)
    // His page before his account, as the trigger that gives the account its name.
    await djet.query('select from djet.node where id = $1 for no key update', [nodeId])
    const account = await accountOf(djet, { nodeId })
    await djet.query('select from djet.account where id = $1 for no key update', [account.id])
    requireMayManage(djet, account)
    const current = await userLine(djet, nodeId)
    if (ifVersion !== undefined && ifVersion !== current?.version) {
      const message = `${account.login} was changed by somebody else in the meantime.`
      throw new DjetError('USER_CHANGED', message, { status: 409, details: { current } })
    }
    if (name !== undefined || email !== undefined) {
      const node = await djet.nodes.require(nodeId)
      await djet.nodes.update(node, {
        ...(name === undefined ? {} : { name, ...(node.title === node.name ? { title: name } : {}) }),
        ...(email === undefined ? {} : { data: { email } }),
      })
    }
    if (roles !== undefined) await giveRoles(djet, settings, account, roles)
    if (language !== undefined) {
      const known = language === null ? null : requireLanguage(djet, language)
      await setLanguage(djet, account.id, known)
      const data = { before: current?.language ?? null, after: known }
      await djet.audit({ action: 'users.language', subject: account.login, nodeId, data })
    }
  })
}
