import { definePlugin } from '../../core/index.ts'
import { login, logout, user, users as usersBasetype } from './basetypes.ts'
import { userCommand } from './command.ts'
import { loginEngine, logoutEngine } from './login-engine.ts'
import { seed } from './seed.ts'
import { start } from './start.ts'
import { userEngine, usersEngine } from './users-engine.ts'

export { addUser, changePassword, changeRoles, type NewUser } from './model.ts'

/** Login and logout, users as nodes, roles. */
export const users = definePlugin(() => ({
  name: 'users',
  version: '0.1.0',
  folder: new URL('.', import.meta.url),
  basetypes: [login, logout, usersBasetype, user],
  engines: {
    'users.login': loginEngine,
    'users.logout': logoutEngine,
    'users.users': usersEngine,
    'users.user': userEngine,
  },
  commands: { user: userCommand },
  seed,
  start,
}))
