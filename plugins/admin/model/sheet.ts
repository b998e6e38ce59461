import {
  type Basetype,
  type Branch,
  type Djet,
  fits,
  type Node,
  type PublishState,
} from '../../../core/index.ts'
import { neighboursOf } from './tree.ts'

/** What there is to know and to do about one node, for one user. */
export interface Sheet {
  readonly node: Node
  readonly branch: Branch
  readonly basetype: TypeOfSheet
  readonly mayEdit: boolean
  readonly mayPublish: boolean
  readonly mayAdminister: boolean
  /** It can be given another place, name or address: it is not the root. */
  readonly mayMove: boolean
  /** It is not one that the site cannot do without. */
  readonly mayTrash: boolean
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
  const mayMove = mayEdit && branch[1] !== undefined && (await djet.can('edit', branch[1]))
  const inOrder = mayMove && parent?.childOrder !== 'newest'
  return {
    node,
    branch,
    basetype: { title: basetype?.title ?? node.basetype, trash: basetype?.trash !== false },
    mayEdit,
    mayPublish: await djet.can('publish', node),
    mayAdminister: await djet.can('administer', node),
    mayMove,
    mayTrash: mayEdit && node.parentId !== null && basetype?.fixed !== true,
    neighbours: inOrder ? await neighboursOf(djet, node) : { before: null, after: null },
    types: mayEdit && basetype ? await typesBelow(djet, basetype) : [],
    state: mayEdit ? await djet.nodes.publishState(node) : null,
  }
}

/** Types that may stand below one, without those of which the site has all it may have. */
async function typesBelow(djet: Djet, parent: Basetype): Promise<Sheet['types']> {
  const types = [...djet.app.basetypes.values()].filter((type) => fits(type, parent))
  const limited = types.filter(({ max }) => max !== undefined).map(({ name, max }) => ({ name, max }))
  const full = await djet.query<{ name: string }>(
    `select name from jsonb_to_recordset($1::jsonb) as given (name text, max integer)
     where (select count(*) from (select from djet.node n where n.basetype = given.name limit given.max) as there)
       >= given.max`,
    [JSON.stringify(limited)],
  )
  return types
    .filter(({ name }) => !full.some((type) => type.name === name))
    .map(({ name, title }) => ({ name, title }))
}
