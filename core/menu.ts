import type { DjetApp } from './djet.ts'
import { rolesOf } from './node/access.ts'
import type { Node } from './node/node.ts'
import type { Reads } from './node/reads.ts'
import { encodePath, listedTypes, type MenuItem } from './payload.ts'
import type { Djet } from './scope.ts'

/** Entries a menu has at most. */
const LONGEST_MENU = 30

/** The children of the root that the scope's user may see, kept for each set of roles; none when not the root itself. */
export async function menuOf(
  app: DjetApp,
  djet: Djet,
  root: Node,
  reads?: Reads,
): Promise<readonly Omit<MenuItem, 'here'>[]> {
  if (!djet.may('view', [root])) return []
  const tags = [`n${root.id}`, `c${root.id}`]
  for (const tag of tags) reads?.tags.add(tag)
  const values = djet.preview ? undefined : app.caches.values
  const key = `menu ${djet.system ? '*' : rolesOf(djet.user).join(' ')}`
  const kept = values?.get(key)
  if (kept) return kept.value as Omit<MenuItem, 'here'>[]
  const moment = values?.moment ?? 0
  const links = await djet.nodes.links([root], {
    limit: LONGEST_MENU,
    basetype: listedTypes(app.basetypes),
  })
  const menu = links.map(({ name, path }) => ({ title: name, url: encodePath(path) }))
  values?.set(key, { value: menu }, tags, moment)
  return menu
}
