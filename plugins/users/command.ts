import { parseArgs } from 'node:util'
import { type Command, DjetError, messageOf } from '../../core/index.ts'
import { addUser, changePassword } from './model.ts'
import { newPassword } from './seed.ts'

const USAGE = 'user add|password <login> [--role r]'

/** `djet user add <login>` and `djet user password <login>`; a password that is not given is made and shown. */
export const userCommand: Command = {
  usage: USAGE,
  summary: 'make a user, or give one a new password',
  async run({ args, open, print }) {
    const { action, login, values } = read(args)
    const djet = (await open()).scope()
    const password = values.password ?? newPassword(djet)
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
  },
}

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
    if ((action !== 'add' && action !== 'password') || login === undefined || more.length > 0) {
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
