import { type Basetype, type Djet, fieldTitle } from '../../../core/index.ts'
import { countNodes } from './types/count.ts'
import { type Drift, driftOf } from './types/drift.ts'
import { type StoredType, storedTypes } from './types/stored.ts'

/** One type as it is listed. */
export interface BasetypeLine {
  readonly name: string
  readonly title: string
  /** The plugin that brings it, `core`, `site` for one made here, or null: nodes of it are there, but nothing brings it. */
  readonly plugin: string | null
  readonly fields: readonly { name: string; title: string; type: string; required: boolean }[]
  /** Names of the basetypes it may stand under; null: any. */
  readonly parents: readonly string[] | null
  readonly children: readonly string[] | null
  readonly max: number | null
  /** How many nodes it has, without those in the trash. */
  readonly nodes: number
  /** The number is an estimate: there are very many. */
  readonly isEstimate: boolean
  /** It was made on the site, and a plugin has taken it over since. */
  readonly isTakenOver: boolean
  readonly drift: Drift
}

/** All basetypes of the site by name, and those that nodes have although nothing brings them. */
export async function basetypeLines(djet: Djet): Promise<BasetypeLine[]> {
  const made = await storedTypes(djet)
  const names = new Set([
    ...djet.app.basetypes.keys(),
    ...made.map(({ name }) => name),
    ...(await usedNames(djet)),
  ])
  return linesOf(djet, [...names].sort(), made)
}

/** One of them; null when there is neither such a type nor a node of it. */
export async function basetypeLine(djet: Djet, name: string): Promise<BasetypeLine | null> {
  // So begin the types of what is in the trash.
  if (name.startsWith('~')) return null
  const made = (await storedTypes(djet)).filter((type) => type.name === name)
  const isKnown = djet.app.basetypes.has(name) || made.length > 0
  const [line] = isKnown || name !== '' ? await linesOf(djet, [name.replaceAll('\0', '')], made) : []
  return line && (isKnown || line.nodes > 0) ? line : null
}

async function linesOf(
  djet: Djet,
  names: readonly string[],
  made: readonly StoredType[],
): Promise<BasetypeLine[]> {
  const { basetypes, origin } = djet.app
  const counts = await countNodes(djet, names)
  const drift = await driftOf(djet, names, made)
  return names.map((name) => {
    const basetype = basetypes.get(name)
    const stored = made.find((type) => type.name === name)
    return {
      name,
      title: basetype?.title ?? stored?.definition.title ?? name,
      plugin: origin.get(name) ?? (stored ? 'site' : null),
      fields: basetype ? fieldsOf(basetype) : [],
      parents: basetype?.parents ?? null,
      children: basetype?.children ?? null,
      max: basetype?.max ?? null,
      ...(counts.get(name) ?? { nodes: 0, isEstimate: false }),
      isTakenOver: stored !== undefined && djet.app.codeOrigin.has(name),
      drift: drift.get(name)!,
    }
  })
}

function fieldsOf({ fields }: Basetype): BasetypeLine['fields'] {
  return Object.entries(fields).map(([name, field]) => ({
    name,
    title: fieldTitle(name, field),
    type: field.type,
    required: field.required,
  }))
}

/** Basetypes that nodes have: one look into the index for each. Those of what is in the trash begin with `~`. */
async function usedNames(djet: Djet): Promise<string[]> {
  const rows = await djet.query<{ name: string }>(
    `with recursive found (name) as (
       (select basetype from djet.node order by basetype limit 1)
       union all
       select (select n.basetype from djet.node n where n.basetype > found.name order by n.basetype limit 1)
       from found where found.name is not null
     ) select name from found where name is not null and not starts_with(name, '~')`,
  )
  return rows.map(({ name }) => name)
}
