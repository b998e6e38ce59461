import type { Basetype } from '../basetype.ts'
import type { Djet } from '../scope.ts'
import { withoutRoom } from './max.ts'
import type { Branch } from './nodes.ts'
import { fits } from './place.ts'

/** Nodes below, and places, that are looked at to tell what is possible. */
const MOST_LOOKED_AT = 1000

/** What the types of a node and of those below it let be done with it, whoever asks. */
export interface Possible {
  /** A copy beside it. */
  readonly copy: boolean
  /** The same with all below it; false when there is nothing below. */
  readonly copyDeep: boolean
  /** There is another place that could hold it. */
  readonly move: boolean
}

/**
 * Tells what can be done with a node, so that nothing is offered that would be refused. It reads a thousand nodes at most:
 * what further ones stand against is said when it is tried.
 *
 * @param branch the node first
 * @example const { copy } = await possibleWith(djet, await djet.nodes.branch(node))
 */
export async function possibleWith(djet: Djet, branch: Branch): Promise<Possible> {
  const { basetypes } = djet.app
  const [node, above] = branch
  const type = node && basetypes.get(node.basetype)
  const parent = above && basetypes.get(above.basetype)
  if (node === undefined || above === undefined || type === undefined || parent === undefined)
    return { copy: false, copyDeep: false, move: false }
  const below = await typesIn(djet, node.path)
  const copy = fits(type, parent) && (await mayBeMany(djet, new Map([[type, 1]])))
  const all = new Map(below).set(type, (below.get(type) ?? 0) + 1)
  return {
    copy,
    copyDeep: copy && below.size > 0 && (await mayBeMany(djet, all)),
    move: await hasOtherPlace(djet, type, node.path, above.id),
  }
}

/** How many nodes of each type stand below a path. */
async function typesIn(djet: Djet, path: string): Promise<Map<Basetype, number>> {
  const rows = await djet.query<{ basetype: string; n: number }>(
    `select basetype, count(*)::int as n from (
       select basetype from djet.node where path > $1 || '/' and path < $1 || '0' order by path limit ${MOST_LOOKED_AT}
     ) as below group by 1`,
    [path],
  )
  return new Map(
    rows.flatMap(({ basetype, n }) => {
      const type = djet.app.basetypes.get(basetype)
      return type ? [[type, n] as const] : []
    }),
  )
}

/** Whether a site may have so many more of each type. */
async function mayBeMany(djet: Djet, more: ReadonlyMap<Basetype, number>): Promise<boolean> {
  if ([...more.keys()].some(({ copies, sensitive }) => copies === false || sensitive)) return false
  return (await withoutRoom(djet, more)).size === 0
}

/** Whether a node of a type stands elsewhere than the parent, and not below the node itself, that may hold it. */
async function hasOtherPlace(djet: Djet, type: Basetype, path: string, parentId: number): Promise<boolean> {
  const holders = [...djet.app.basetypes.values()].filter((each) => fits(type, each))
  const places = `select path from djet.node where basetype = any($1) and id <> $2 limit ${MOST_LOOKED_AT}`
  const [row] = await djet.query<{ found: boolean }>(
    `select exists (select from (${places}) as place where path <> $3 and not (path > $3 || '/' and path < $3 || '0'))
       or (select count(*) = ${MOST_LOOKED_AT} from (${places}) as place) as found`,
    [holders.map(({ name }) => name), parentId, path],
  )
  return row?.found ?? false
}
