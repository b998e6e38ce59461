import type { Djet } from '../scope.ts'
import type { Node } from './node.ts'
import type { Branch } from './nodes.ts'
import { isHidden } from './status.ts'

/** Pages that are counted one by one before they are trashed. */
const MOST = 1000

/** What trashing a page does, for whoever is about to. */
export interface TrashReport {
  /** Pages below it, which go with it; `most` + 1 for more. */
  readonly below: number
  /** Up to how many are counted one by one. */
  readonly most: number
  /** Pages among all that go which are published: visitors find them no more. */
  readonly published: number
  /** Until when it can be put back; null: not at all, its type does not go to the trash. */
  readonly until: Date | null
}

const DAY = 24 * 60 * 60 * 1000

/**
 * Says what trashing a page would do; nothing is changed. It reads 1,001 pages at most, however many there are.
 *
 * @example
 * const { below, published, until } = await trashReport(djet, node)
 */
export async function trashReport(djet: Djet, node: Node): Promise<TrashReport> {
  const rows = await djet.query<Pick<Node, 'path' | 'status'>>(
    {
      name: 'djet-trash-report',
      text: `select path, status from djet.node where path > $1 || '/' and path < $1 || '0' order by path
        limit ${MOST + 1}`,
    },
    [node.path],
  )
  const toTrash = djet.app.basetypes.get(node.basetype)?.trash !== false
  return {
    below: rows.length,
    most: MOST,
    published: countPublished(await djet.nodes.branch(node), rows),
    until: toTrash ? new Date(Date.now() + djet.config.trash.days * DAY) : null,
  }
}

/** What stands below a page that is not published is hidden with it. Parents come before their children. */
function countPublished(branch: Branch, below: readonly Pick<Node, 'path' | 'status'>[]): number {
  if (isHidden(branch)) return 0
  const hidden = new Set<string>()
  for (const { path, status } of below) {
    const above = path.slice(0, path.lastIndexOf('/'))
    if (status !== 'published' || hidden.has(above)) hidden.add(path)
  }
  return 1 + below.length - hidden.size
}
