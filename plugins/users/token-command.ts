import { parseArgs } from 'node:util'
import {
  type Command,
  type Djet,
  DjetError,
  findAccount,
  formatDate,
  formatDateTime,
  messageOf,
  tokensOf,
} from '../../core/index.ts'
import { makeApiToken, revokeApiTokens } from './model/api-token.ts'

const USAGE = 'token create|list|revoke <login> [<id>|--all] [--name n] [--scope s] [--until date]'

/** `djet token create|list|revoke <login>`: tokens for programs, in the name of a user. */
export const tokenCommand: Command = {
  usage: USAGE,
  summary: 'make, list or revoke the tokens of a user',
  async run({ args, open, print }) {
    const { action, login, id, values } = read(args)
    const djet = (await open()).scope()
    const account = await findAccount(djet, login)
    if (account === null) {
      throw new DjetError('LOGIN_UNKNOWN', `there is no user '${login}'.`, { status: 404 })
    }
    if (action === 'list') return list(djet, account.id, print)
    if (action === 'create') {
      const { name = '', scope = [], until = '' } = values
      const { token, scopes, expires } = await makeApiToken(djet, account, { name, scopes: scope, until })
      const end = expires === null ? 'no end' : `good until ${formatDate(expires)}`
      return print(`${token}\n(${scopes.join(', ')}; ${end}; shown this once)`)
    }
    const gone = await revokeApiTokens(djet, account, values.all ? undefined : Number(id))
    if (gone === 0 && !values.all) {
      throw new DjetError('TOKEN_UNKNOWN', `${login} has no token ${id}. See: djet token list ${login}`)
    }
    print(gone === 1 ? '1 token is revoked.' : `${gone} tokens are revoked.`)
  },
}

async function list(djet: Djet, accountId: number, print: (line: string) => void): Promise<void> {
  const tokens = await tokensOf(djet, accountId)
  if (tokens.length === 0) return print('no tokens')
  for (const { id, name, start, scopes, expires, expired, lastUsed } of tokens) {
    const end = expires === null ? 'no end' : `${expired ? 'over since' : 'until'} ${formatDate(expires)}`
    const used = lastUsed === null ? 'never used' : `used ${formatDateTime(lastUsed)}`
    print(`${id}\t${start}…\t${name}\t${scopes.join(',')}\t${end}\t${used}`)
  }
}

function read(args: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        name: { type: 'string' },
        scope: { type: 'string', multiple: true },
        until: { type: 'string' },
        all: { type: 'boolean' },
      },
    })
    const [action, login, id, ...more] = positionals
    const known = ['create', 'list', 'revoke'].includes(action ?? '') && login !== undefined
    if (!known || more.length > 0) throw new Error('give an action and a login.')
    const needsId = action === 'revoke' && !values.all
    if (needsId !== (id !== undefined) || (needsId && !/^[1-9]\d{0,14}$/.test(id!))) {
      throw new Error('name the token to revoke by its number, as djet token list shows it, or say --all.')
    }
    return { action, login, id, values }
  } catch (error) {
    throw new DjetError('USAGE', `${messageOf(error)} Usage: djet ${USAGE}`)
  }
}
