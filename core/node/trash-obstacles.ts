import type { Basetype } from '../basetype.ts'
import type { Connection } from '../db/connection.ts'
import { DjetError } from '../error.ts'
import { sentence } from '../i18n/sentence.ts'
import type { Djet } from '../scope.ts'
import type { Node } from './node.ts'

type Types = ReadonlyMap<string, Basetype>

/**
 * What stands in the way of putting a node into the trash with all below it, or of deleting it: what the site cannot do
 * without, what does not go to the trash, and what plugins guard. Whole sentences in the reader's language; none when it is
 * possible. Whoever may not do it is told by the access rules.
 *
 * @example const obstacles = await trashObstacles(djet, node)
 */
export async function trashObstacles(djet: Djet, node: Node): Promise<string[]> {
  const types = djet.app.basetypes
  const toTrash = types.get(node.basetype)?.trash !== false
  const own = [
    djet.system ? undefined : await fixedBelow(djet.connection, types, node),
    toTrash ? await untrashableBelow(djet.connection, types, node) : undefined,
  ].flatMap((found) => (found === undefined ? [] : [djet.texts.message(sentence(found))]))
  const said = await Promise.all(
    djet.app.plugins.map(({ trashObstacles }) => trashObstacles?.(djet, node) ?? []),
  )
  return [...own, ...said.flat()]
}

/**
 * Asked before anything is said of it: visitors miss at once what is published.
 * @throws {DjetError} ACCESS_DENIED, SCOPE_MISSING, 403
 */
export async function requireTrash(djet: Djet, node: Node): Promise<void> {
  await djet.require('edit', node)
  if (node.status === 'published') await djet.require('publish', node)
}

/**
 * For what is deleted for good at once, since more than the node hangs on it: refuses what stands in the way as plugins say.
 * @throws {DjetError} NODE_GUARDED, 409
 */
export async function refuseObstacles(djet: Djet, node: Node): Promise<void> {
  const [obstacle] = await trashObstacles(djet, node)
  if (obstacle !== undefined) throw new DjetError('NODE_GUARDED', obstacle, { status: 409 })
}

/** That the subtree has a node of a type the site cannot do without. */
export async function fixedBelow(
  connection: Connection,
  types: Types,
  node: Pick<Node, 'path'>,
): Promise<string | undefined> {
  const path = await firstBelow(connection, types, node, ({ fixed }) => fixed === true)
  return path && `the site cannot do without ${path}. It can be moved or renamed.`
}

/** That the subtree has a node of a type that is not put into the trash. */
export async function untrashableBelow(
  connection: Connection,
  types: Types,
  node: Pick<Node, 'path'>,
): Promise<string | undefined> {
  const path = await firstBelow(connection, types, node, ({ trash }) => trash === false)
  return path && `${path} does not go to the trash: it can only be deleted for good, by itself.`
}

async function firstBelow(
  connection: Connection,
  types: Types,
  { path }: Pick<Node, 'path'>,
  isMeant: (type: Basetype) => boolean,
): Promise<string | undefined> {
  const names = [...types.values()].filter(isMeant).map(({ name }) => name)
  if (names.length === 0) return undefined
  const [found] = await connection.query<{ path: string }>(
    `select path from djet.node where basetype = any($2)
       and (path = $1 or (path > $1 || '/' and path < $1 || '0')) order by path limit 1`,
    [path, names],
  )
  return found?.path
}
