import { ADMIN, type Djet, type Node, sentence } from '../../../core/index.ts'
import { user } from '../basetypes.ts'

/**
 * What stands in the way of deleting a user: that he is an administrator and who deletes him is none, or that he is the last
 * one, which a trigger refuses in the same words.
 */
export async function obstaclesOf(djet: Djet, { id, basetype }: Node): Promise<string[]> {
  if (basetype !== user.name) return []
  const isAdmin = djet.system || djet.user?.roles.includes(ADMIN)
  const [other] = isAdmin
    ? []
    : await djet.query(
        `select from djet.account a join users.profile p on p.account_id = a.id
         where p.node_id = $1 and $2 = any (a.roles)`,
        [id, ADMIN],
      )
  if (other) return [djet.texts.message(sentence('only an administrator may do this to an administrator.'))]
  const admins = '$2 = any (a.roles) and a.enabled and a.password_hash is not null'
  const [last] = await djet.query(
    `select from djet.account a join users.profile p on p.account_id = a.id where p.node_id = $1 and ${admins}
     and not exists (select from djet.account a where a.id <> p.account_id and ${admins})`,
    [id, ADMIN],
  )
  const problem = 'the last administrator cannot be deleted'
  return last === undefined ? [] : [djet.texts.message(`${sentence(problem)}.`)]
}
