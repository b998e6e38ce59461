import { definePlugin } from '../../core/index.ts'
import { usersApi } from './api/index.ts'
import { account, login, logout, user, users as usersBasetype } from './basetypes.ts'
import { userCommand } from './command.ts'
import { accountEngine } from './engine/account.ts'
import { loginEngine, logoutEngine } from './engine/login.ts'
import { userEngine } from './engine/user.ts'
import { usersEngine } from './engine/users.ts'
import { Later } from './later.ts'
import { obstaclesOf } from './model/obstacles.ts'
import { checkOptions, type UsersOptions } from './options.ts'
import { accountUrl } from './payload.ts'
import { seed } from './seed.ts'
import { start } from './start.ts'
import { tokenCommand } from './token-command.ts'

export { invite } from './model/invite.ts'
export { listUsers, type UserLine } from './model/list.ts'
export { addUser, changePassword, changeRoles, type NewUser, setEnabled } from './model/user.ts'
export type { UsersOptions } from './options.ts'

/** Login and logout, users as nodes, roles, second factors. */
export const users = definePlugin((options: UsersOptions) => {
  const settings = checkOptions(options)
  const tools = { settings, later: new Later() }
  return {
    name: 'users',
    version: '0.1.0',
    folder: new URL('.', import.meta.url),
    basetypes: [login, logout, account, usersBasetype, user],
    engines: {
      'users.login': loginEngine(tools),
      'users.logout': logoutEngine,
      'users.account': accountEngine(tools),
      'users.users': usersEngine,
      'users.user': userEngine(tools),
    },
    commands: { user: userCommand(settings), token: tokenCommand },
    api: usersApi(tools),
    payload: { accountUrl },
    roles: () => settings.secondFactor,
    trashObstacles: obstaclesOf,
    seed,
    start: (app) => start(app, tools),
  }
})
