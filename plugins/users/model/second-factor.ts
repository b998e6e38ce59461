import { createHash, randomBytes } from 'node:crypto'
import { Secret, TOTP } from 'otpauth'
import { renderSVG } from 'uqr'
import { type Djet, DjetError } from '../../../core/index.ts'

const RECOVERY_CODES = 10
/** Seconds a code is shown for. */
const PERIOD = 30
/** Letters and digits that are not taken for each other. */
const ALPHABET = 'abcdefghjkmnpqrstuvwxyz23456789'

/** How somebody's second factor stands. */
export interface Factor {
  readonly since: Date
  /** Recovery codes that are left. */
  readonly codes: number
}

/** What an app on a phone needs. */
export interface Enrolment {
  /** In base 32, for typing. */
  readonly secret: string
  /** A picture of it, as SVG without styles. */
  readonly qr: string
}

/** The second factor of an account; null: it has none, or not yet. */
export async function factorOf(djet: Djet, accountId: number): Promise<Factor | null> {
  const [row] = await djet.query<Factor>(
    `select f.confirmed as since, (select count(*) from users.recovery_code c where c.account_id = f.account_id) as codes
     from users.second_factor f where f.account_id = $1 and f.confirmed is not null`,
    [accountId],
  )
  return row ?? null
}

/**
 * Begins to set one up, or goes on: the same secret until a code of it was entered.
 * @throws {DjetError} FACTOR_EXISTS, 409
 */
export async function enrol(djet: Djet, account: { id: number; login: string }): Promise<Enrolment> {
  const [row] = await djet.query<{ secret: string; confirmed: Date | null }>(
    `insert into users.second_factor (account_id, secret) values ($1, $2)
     on conflict (account_id) do update set secret = users.second_factor.secret returning secret, confirmed`,
    [account.id, new Secret({ size: 20 }).base32],
  )
  if (row!.confirmed !== null) {
    throw new DjetError('FACTOR_EXISTS', 'there is a second factor already.', { status: 409 })
  }
  const uri = totp(row!.secret, djet.config.site.title, account.login).toString()
  return { secret: row!.secret.replace(/.{4}(?=.)/g, '$& '), qr: renderSVG(uri, { border: 2 }) }
}

/**
 * Ends the setting up with a first code.
 * @returns the recovery codes, which nobody sees again
 * @throws {DjetError} CODE_WRONG, 422
 */
export async function confirmFactor(djet: Djet, accountId: number, code: string): Promise<string[]> {
  return djet.transaction(async (djet) => {
    const [row] = await djet.query<{ secret: string; last_step: number }>(
      `select secret, last_step from users.second_factor where account_id = $1 and confirmed is null for update`,
      [accountId],
    )
    const step = row ? stepOf(row.secret, code) : null
    if (step === null) throw wrong()
    await djet.query(
      'update users.second_factor set confirmed = now(), last_step = $2 where account_id = $1',
      [accountId, step],
    )
    return newRecoveryCodes(djet, accountId)
  })
}

/**
 * Whether a code is good: six digits of the phone, each taken once, or a recovery code, which is used up.
 * @returns what it was; null: it is not good
 */
export async function takeCode(
  djet: Djet,
  accountId: number,
  code: string,
): Promise<'app' | 'recovery code' | null> {
  const plain = code.replace(/[\s-]/g, '').toLowerCase()
  if (!/^\d{6}$/.test(plain)) {
    const used = await djet.query(
      'delete from users.recovery_code where account_id = $1 and hash = $2 returning 1',
      [accountId, digest(plain)],
    )
    return used.length > 0 ? 'recovery code' : null
  }
  const [row] = await djet.query<{ secret: string }>(
    'select secret from users.second_factor where account_id = $1 and confirmed is not null',
    [accountId],
  )
  const step = row ? stepOf(row.secret, plain) : null
  if (step === null) return null
  const taken = await djet.query(
    'update users.second_factor set last_step = $2 where account_id = $1 and last_step < $2 returning 1',
    [accountId, step],
  )
  return taken.length > 0 ? 'app' : null
}

/** Makes new recovery codes; the old ones are worth nothing. */
export async function newRecoveryCodes(djet: Djet, accountId: number): Promise<string[]> {
  const codes = Array.from({ length: RECOVERY_CODES }, recoveryCode)
  await djet.transaction(async (djet) => {
    await djet.query('delete from users.recovery_code where account_id = $1', [accountId])
    await djet.query(
      'insert into users.recovery_code (account_id, hash) select $1, hash from unnest($2::bytea[]) as hash',
      [accountId, codes.map((code) => digest(code.replaceAll('-', '')))],
    )
  })
  return codes
}

/** Takes the second factor away, with its recovery codes. False: there was none. */
export async function removeFactor(djet: Djet, accountId: number): Promise<boolean> {
  const [row] = await djet.query<{ confirmed: Date | null }>(
    'delete from users.second_factor where account_id = $1 returning confirmed',
    [accountId],
  )
  return row !== undefined && row.confirmed !== null
}

/** Ends the sessions of those who need a second factor for their roles and have none. */
export async function endWeakSessions(djet: Djet, roles: readonly string[]): Promise<void> {
  if (roles.length === 0) return
  await djet.query(
    `delete from djet.session s using djet.account a where a.id = s.account_id and a.roles && $1
     and not exists (select from users.second_factor f where f.account_id = a.id and f.confirmed is not null)`,
    [roles],
  )
}

export function wrong(): DjetError {
  const problem = 'is not right, or was used already'
  return new DjetError('CODE_WRONG', `the code ${problem}.`, { status: 422, fields: { code: problem } })
}

function totp(secret: string, issuer: string, label: string): TOTP {
  return new TOTP({ issuer, label, secret: Secret.fromBase32(secret), period: PERIOD })
}

/** The 30 seconds a code belongs to: the present ones, those before or those after. */
function stepOf(secret: string, code: string): number | null {
  const token = code.replace(/\s/g, '')
  if (!/^\d{6}$/.test(token)) return null
  const now = Date.now()
  const delta = totp(secret, '', '').validate({ token, timestamp: now, window: 1 })
  return delta === null ? null : Math.floor(now / 1000 / PERIOD) + delta
}

/** `k7mq-2xfp-9wda-hn4c`: 79 bits. */
function recoveryCode(): string {
  let code = ''
  while (code.length < 16) {
    // Bytes that would make some letters likelier than others are left out.
    for (const byte of randomBytes(24)) {
      if (byte < 248 && code.length < 16) code += ALPHABET[byte % ALPHABET.length]
    }
  }
  return code.replace(/.{4}(?=.)/g, '$&-')
}

function digest(code: string): Buffer {
  return createHash('sha256').update(code).digest()
}
