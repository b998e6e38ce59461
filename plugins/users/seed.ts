import { randomBytes } from 'node:crypto'
import { ADMIN, checkPassword, type Djet, type DjetError } from '../../core/index.ts'
import { account, login, logout, user, users } from './basetypes.ts'
import { addUser } from './model/user.ts'

/**
 * Makes the login and logout pages, the place of the users, and the first administrator. What is there already, since the
 * plugin's migrations were undone and run again, stays: users find their accounts again.
 */
export async function seed(djet: Djet): Promise<void> {
  const pages = [
    { basetype: login, part: djet.config.login.slice(1) || 'login', name: 'Log in' },
    { basetype: logout, part: 'logout', name: 'Log out' },
    { basetype: account, part: 'account', name: 'Your account' },
    { basetype: users, part: 'users', name: 'Users' },
  ]
  const rows = await djet.query<{ basetype: string }>(
    'select basetype from djet.node where basetype = any($1)',
    [pages.map(({ basetype }) => basetype.name)],
  )
  const there = new Set(rows.map(({ basetype }) => basetype))
  for (const page of pages) if (!there.has(page.basetype.name)) await djet.nodes.insert('/', page)
  await djet.query(
    `insert into users.profile (node_id, account_id)
     select n.id, a.id from djet.node n join djet.account a on a.login = n.data ->> 'login' where n.basetype = $1
     on conflict do nothing`,
    [user.name],
  )
  const [administrator] = await djet.query('select from djet.account where $1 = any (roles) limit 1', [ADMIN])
  if (administrator) return
  const given = process.env.DJET_ADMIN_PASSWORD
  const password = given || (await newPassword(djet, 'admin'))
  await addUser(djet, { login: 'admin', name: 'Administrator', password, roles: [ADMIN, 'staff'] })
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
