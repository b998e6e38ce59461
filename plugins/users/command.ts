import { parseArgs } from 'node:util'
import { type Command, DjetError, messageOf } from '../../core/index.ts'
import { roleWarnings } from './model/role-warnings.ts'
import { unlock } from './model/unlock.ts'
import { addUser, changePassword } from './model/user.ts'
import type { Settings } from './options.ts'
import { newPassword } from './seed.ts'

const USAGE = 'user add|password|unlock <login> [--role r]'
const ACTIONS = ['add', 'password', 'unlock']

/**
 * `djet user add <login>` and `djet user password <login>`, where a password that is not given is made and shown;
 * `djet user unlock <login>` after too many wrong ones.
 */
export const userCommand = (settings: Settings): Command => ({
  usage: USAGE,
  summary: 'make a user, give one a new password, or unlock one',
  async run({ args, open, print }) {
    const { action, login, values } = read(args)
    const djet = (await open()).scope()
    if (action === 'unlock') {
      await unlock(djet, settings, login)
      return print(`${login} is unlocked.`)
    }
    const password = values.password ?? (await newPassword(djet, login))
    if (action === 'add') {
      await addUser(djet, {
        login,
        password,
        roles: values.role ?? [],
        ...(values.name === undefined ? {} : { name: values.name }),
        ...(values.email === undefined ? {} : { email: values.email }),
      })
    } else await changePassword(djet, { login, password })
    print(
      `${action === 'add' ? `User ${login} is made` : `${login} has a new password`}${values.password ? '.' : `: ${password}`}`,
    )
    const given = action === 'add' ? (values.role ?? []) : []
    for (const warning of await roleWarnings(djet, given)) print(warning)
  },
})

function read(args: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        role: { type: 'string', multiple: true },
        name: { type: 'string' },
        email: { type: 'string' },
        password: { type: 'string' },
      },
    })
    const [action, login, ...more] = positionals
    if (!ACTIONS.includes(action ?? '') || login === undefined || more.length > 0) {
      throw new Error('give an action and a login.')
    }
    return { action, login, values }
  } catch (error) {
    throw new DjetError(
      'USAGE',
      `${messageOf(error)} Usage: djet ${USAGE} [--name n] [--email e] [--password p]`,
    )
  }
}
