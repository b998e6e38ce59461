import { hash, verify } from '@node-rs/argon2'
import type { Config } from './config.ts'
import { DjetError } from './error.ts'

const LONGEST = 1000
/** Shorter names are in too many passwords by chance. */
const SHORTEST_LOGIN = 3
const SHORTEST_TITLE = 4

/** OWASP's recommendation for argon2id: 19 MiB, 2 passes, 1 lane. */
const ARGON2 = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

/** The hash of a password that is stored. */
export function hashPassword(password: string): Promise<string> {
  return hash(password, ARGON2)
}

/** Whether a password fits a hash; without a hash it never does, and takes as long. */
export async function fitsPassword(stored: string | null, password: string): Promise<boolean> {
  if (password.length > LONGEST) return false
  if (stored !== null) return verify(stored, password)
  await hash(password, ARGON2)
  return false
}

/**
 * The rules of NIST SP 800-63B: long enough, not one that everybody knows, without the names an attacker tries
 * first. Any characters will do.
 *
 * @throws {DjetError} PASSWORD_TOO_SHORT, PASSWORD_TOO_LONG, PASSWORD_HAS_NAME, PASSWORD_COMMON: 422, with `fields`
 * @example await checkPassword(djet.config, { password, login: 'nancy' })
 */
export async function checkPassword(
  config: Pick<Config, 'passwords' | 'site'>,
  { password, login }: { password: string; login: string },
): Promise<void> {
  const { shortest } = config.passwords
  const length = [...password].length
  if (length < shortest) throw refused('PASSWORD_TOO_SHORT', `must have at least ${shortest} characters`)
  if (length > LONGEST) throw refused('PASSWORD_TOO_LONG', `is longer than ${LONGEST} characters`)
  const plain = squeeze(password)
  const name = namesOf(login, config.site.title).find((name) => plain.includes(name))
  if (name !== undefined) {
    throw refused('PASSWORD_HAS_NAME', `must not contain '${name}', the login or the name of the site`)
  }
  const { isCommon } = await import('./common-passwords.ts')
  if (isCommon(password)) throw refused('PASSWORD_COMMON', 'is one of those that everybody tries first')
}

/** What must not be part of a password: the login, what stands before its `@`, the title of the site. */
function namesOf(login: string, title: string): string[] {
  const logins = [login, login.split('@')[0] ?? '']
    .map(squeeze)
    .filter((name) => name.length >= SHORTEST_LOGIN)
  const site = squeeze(title)
  return site.length >= SHORTEST_TITLE ? [...logins, site] : logins
}

/** Lower case, letters and digits only: `Northwind Traders` -> `northwindtraders`. */
function squeeze(text: string): string {
  return text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '')
}

function refused(code: string, problem: string): DjetError {
  return new DjetError(code, `the password ${problem}.`, { status: 422, fields: { password: problem } })
}
