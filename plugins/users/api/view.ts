import {
  type ApiAnswer,
  type Djet,
  DjetError,
  type DocumentedAnswer,
  idParam,
  ref,
  time,
  z,
} from '../../../core/index.ts'
import { lockedFor } from '../model/attempts.ts'
import { type UserLine, userLine } from '../model/list.ts'
import { factorOf } from '../model/second-factor.ts'
import { accountOf, type UserAccount } from '../model/user.ts'
import { demandsFactor } from '../options.ts'
import type { Tools } from '../tools.ts'

export const TAG = 'Users'

/** Schemas that the operations of users refer to. */
export const userShapes = {
  User: z.object({
    id: z.int().describe('Of his page: `/nodes/{id}` is it as a node.'),
    path: z.string(),
    login: z.string(),
    name: z.string(),
    email: z.string().nullable(),
    roles: z.array(z.string()).describe('Without `everyone` and `user`, which he has anyway.'),
    state: z.enum(['active', 'invited', 'disabled']).describe('`invited`: nobody has chosen a password yet.'),
    secondFactor: z.boolean(),
    language: z.string().nullable().describe('Of the interface; null: none of his own.'),
    created: time(),
    security: z
      .object({
        lockedFor: z.int().describe('Seconds, after too many wrong passwords or codes; 0: not locked.'),
        secondFactorDemanded: z.boolean().describe('By his roles.'),
        recoveryCodes: z.int().describe('How many are left.'),
      })
      .optional()
      .describe('Of a single user, for those who may change him.'),
    invitation: z
      .object({ sent: z.boolean(), problem: z.string().nullable() })
      .optional()
      .describe('Of one who was just made without a password: whether the mail was sent, or why not.'),
    warnings: z
      .array(z.string())
      .optional()
      .describe('Of one who was just made or changed: roles that no rule of the site speaks of.'),
  }),
  UserSession: z.object({
    id: z.int(),
    device: z.string().describe('Browser and system, as far as the browser tells.'),
    address: z.string(),
    created: time(),
    seen: time(),
  }),
  UserToken: z.object({
    id: z.int(),
    name: z.string(),
    start: z.string().describe('Its first characters.'),
    scopes: z.array(z.string()),
    created: time(),
    expires: time().nullable(),
    expired: z.boolean(),
    lastUsed: time().nullable(),
  }),
}

/** What operations that answer with a user say of it. */
export const answersUser: Readonly<Record<number, DocumentedAnswer>> = {
  200: { description: 'The user.', schema: ref('User'), headers: ['ETag'] },
}

/** A user as lists show him. */
export function userView({ enabled, ready, ...user }: UserLine) {
  const state = !enabled ? 'disabled' : ready ? 'active' : 'invited'
  return { ...user, state }
}

/** The answer that is a user. @throws {DjetError} USER_UNKNOWN, 404 */
export async function userAnswer(
  djet: Djet,
  { settings }: Tools,
  nodeId: number,
  { body, ...more }: ApiAnswer & { body?: object } = {},
): Promise<ApiAnswer> {
  const line = await userLine(djet, nodeId)
  if (line === null) throw unknown()
  const { version, ...user } = line
  const answer = { ...userView(user), ...body }
  if (!(await djet.can('edit', nodeId))) return { ...more, body: answer, version }
  const account = await accountOf(djet, { nodeId })
  const security = {
    lockedFor: await lockedFor(djet, settings, account),
    secondFactorDemanded: demandsFactor(settings, account.roles),
    recoveryCodes: (await factorOf(djet, account.id))?.codes ?? 0,
  }
  return { ...more, body: { ...answer, security }, version }
}

/** The id of the page of a user whom the caller may see. @throws {DjetError} USER_UNKNOWN, NODE_NOT_FOUND, 404 */
export async function seenUser(djet: Djet, param: string | undefined): Promise<number> {
  const { id, basetype } = await djet.nodes.require(idParam(param))
  if (basetype === 'user') return id
  throw unknown()
}

/** The account of a user whom the caller may change. @throws {DjetError} ACCESS_DENIED, SCOPE_MISSING 403 */
export async function changedUser(djet: Djet, param: string | undefined): Promise<UserAccount> {
  const nodeId = await seenUser(djet, param)
  await djet.require('edit', nodeId)
  return accountOf(djet, { nodeId })
}

function unknown(): DjetError {
  return new DjetError('USER_UNKNOWN', 'there is no such user.', { status: 404 })
}
