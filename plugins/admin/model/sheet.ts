import {
  type Basetype,
  type Djet,
  type Node,
  type PublishState,
  possibleWith,
  trashObstacles,
  typesBelow,
} from '../../../core/index.ts'
import { neighboursOf, withChildren } from './tree.ts'

/** What there is to know and to do about one node, for one user. */
export interface Sheet {
  readonly node: Node
  readonly basetype: TypeOfSheet
  readonly mayEdit: boolean
  readonly mayPublish: boolean
  readonly mayAdminister: boolean
  /** It can be given another place among its siblings: it is not the root. */
  readonly mayOrder: boolean
  /** It can be given another name and address: of what is published by those who may publish. */
  readonly mayRename: boolean
  /** The same, and there is another place for it. */
  readonly mayMove: boolean
  readonly mayCopy: boolean
  /** With all that stands below it, of which there is some. */
  readonly mayCopyDeep: boolean
  /** It may be trashed by this user, and it is not one that the site cannot do without. */
  readonly mayTrash: boolean
  /** What stands in the way of trashing it all the same; of one with pages below the question says it. */
  readonly obstacles: readonly string[]
  /** Pages below it go with it: what that does is said first, on a page of its own. */
  readonly asksFirst: boolean
  /** Siblings it stands between, where their order counts. */
  readonly neighbours: { readonly before: number | null; readonly after: number | null }
  /** Types that a child of it may have. */
  readonly types: readonly Pick<Basetype, 'name' | 'title'>[]
  /** For those who may edit. */
  readonly state: PublishState | null
}

/** What is told of its basetype, without the fields. */
export interface TypeOfSheet {
  readonly title: string
  /** False: it is deleted for good instead of trashed. */
  readonly trash: boolean
}

/** @throws {DjetError} ACCESS_DENIED */
export async function sheetOf(djet: Djet, node: Node): Promise<Sheet> {
  const branch = await djet.nodes.branch(node)
  const { basetypes } = djet.app
  const basetype = basetypes.get(node.basetype)
  const parent = branch[1] && basetypes.get(branch[1].basetype)
  const mayEdit = await djet.can('edit', node)
  const mayOrder = mayEdit && branch[1] !== undefined && (await djet.can('edit', branch[1]))
  const mayPublish = await djet.can('publish', node)
  const mayChange = mayEdit && (mayPublish || node.status !== 'published')
  const mayTrash = mayChange && node.parentId !== null && basetype?.fixed !== true
  const asksFirst = mayTrash && (await withChildren(djet, [node])).size > 0
  const possible = mayOrder ? await possibleWith(djet, branch) : undefined
  const inOrder = mayOrder && parent?.childOrder !== 'newest'
  return {
    node,
    basetype: { title: basetype?.title ?? node.basetype, trash: basetype?.trash !== false },
    mayEdit,
    mayPublish,
    mayAdminister: await djet.can('administer', node),
    mayOrder,
    mayRename: mayOrder && mayChange,
    mayMove: mayChange && possible?.move === true,
    mayCopy: possible?.copy === true,
    mayCopyDeep: possible?.copyDeep === true,
    mayTrash,
    obstacles: mayTrash && !asksFirst ? await trashObstacles(djet, node) : [],
    asksFirst,
    neighbours: inOrder ? await neighboursOf(djet, node) : { before: null, after: null },
    types:
      mayEdit && basetype
        ? (await typesBelow(djet, basetype)).map(({ name, title }) => ({ name, title }))
        : [],
    state: mayEdit ? await djet.nodes.publishState(node) : null,
  }
}
