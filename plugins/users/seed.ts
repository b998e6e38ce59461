import { randomBytes } from 'node:crypto'
import { checkPassword, type Djet, type DjetError } from '../../core/index.ts'
import { account, login, logout, users } from './basetypes.ts'
import { addUser } from './model/user.ts'

/** Makes the login and logout pages, the place of the users, and the first administrator. */
export async function seed(djet: Djet): Promise<void> {
  await djet.nodes.insert('/', {
    basetype: login,
    part: djet.config.login.slice(1) || 'login',
    name: 'Log in',
  })
  await djet.nodes.insert('/', { basetype: logout, part: 'logout', name: 'Log out' })
  await djet.nodes.insert('/', { basetype: account, part: 'account', name: 'Your account' })
  await djet.nodes.insert('/', { basetype: users, part: 'users', name: 'Users' })
  const given = process.env.DJET_ADMIN_PASSWORD
  const password = given || (await newPassword(djet, 'admin'))
  await addUser(djet, { login: 'admin', name: 'Administrator', password, roles: ['admin', 'staff'] })
  const text = given ? 'password as given by DJET_ADMIN_PASSWORD' : `password ${password}  (shown this once)`
  djet.app.announcements.push({ label: 'log in', text: `as admin, ${text}` })
}

/** At least 96 random bits, 16 characters; longer where the site wants longer passwords, and without the names that none may have. */
export async function newPassword({ config }: Pick<Djet, 'config'>, login: string): Promise<string> {
  for (;;) {
    const password = randomBytes(Math.max(12, config.passwords.shortest)).toString('base64url')
    const refused = await checkPassword(config, { password, login }).catch((error: DjetError) => error)
    if (refused === undefined) return password
  }
}
