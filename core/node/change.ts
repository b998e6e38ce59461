import { checkData, checkReferences } from './data.ts'
import type { Node } from './node.ts'
import type { NodeStore } from './node-store.ts'
import type { NodeChange } from './nodes.ts'
import { checkText } from './text.ts'
import type { Version } from './version.ts'
import { basetypeOf, mayOf } from './within.ts'

/** What people write of a node; its address and rules are apart. */
export interface Content {
  readonly name: string
  readonly title: string
  readonly data: Readonly<Record<string, unknown>>
}

/**
 * What a change makes of a state: texts and data, checked.
 * @throws {DjetError} NODE_TEXT_INVALID, FIELD_INVALID, 422
 */
export async function changed(
  store: NodeStore,
  state: Content & Pick<Node, 'basetype'>,
  change: Pick<NodeChange, 'name' | 'title' | 'data'>,
): Promise<Partial<Content>> {
  const result: { -readonly [K in keyof Content]?: Content[K] } = {}
  if (change.name !== undefined && change.name !== '') result.name = checkText('name', change.name)
  if (change.title !== undefined && change.title !== '') result.title = checkText('title', change.title)
  if (change.data !== undefined) {
    const basetype = basetypeOf(store, state.basetype)
    const data = checkData(basetype, change.data, true)
    await checkReferences(store.options.connection, [{ basetype, data, held: state.data }], mayOf(store))
    result.data = filled({ ...state.data, ...data })
  }
  return result
}

/** Data without what is empty. */
export function filled(data: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(data).filter(([, value]) => value !== undefined && value !== null))
}

/** Columns of `djet.node` for content. */
export function columnsOf({ name, title, data }: Partial<Content>): Record<string, unknown> {
  return {
    ...(name === undefined ? {} : { name }),
    ...(title === undefined ? {} : { title }),
    ...(data === undefined ? {} : { data: JSON.stringify(data) }),
  }
}

/**
 * Content of a node into which another state is put: what forms do not change (protected fields and those that are
 * not updatable) stays as the node has it, as do fields its type no longer has.
 */
export function putInto(store: NodeStore, node: Node, state: Content | Version): Content {
  const { fields } = basetypeOf(store, node.basetype)
  const data: Record<string, unknown> = { ...node.data }
  for (const [name, { type, updatable }] of Object.entries(fields)) {
    if (type === 'protected' || !updatable) continue
    data[name] = state.data[name]
  }
  return { name: state.name, title: state.title, data: filled(data) }
}
