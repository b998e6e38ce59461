import { type Basetype, type Djet, fieldTitle } from '../../../core/index.ts'

/** Nodes of one basetype that are counted; of more it is said that there are more. */
const MOST_COUNTED = 5000

export interface BasetypeLine {
  readonly name: string
  readonly title: string
  /** Name of the plugin that brings it, `core`, or null: nodes of it are there, but no plugin brings it. */
  readonly plugin: string | null
  readonly fields: readonly { name: string; title: string; type: string; required: boolean }[]
  /** Names of the basetypes it may stand under; null: any. */
  readonly parents: readonly string[] | null
  readonly children: readonly string[] | null
  readonly max: number | null
  /** How many nodes it has, as far as counted. */
  readonly nodes: number
  readonly hasMore: boolean
}

/** All basetypes of the site by name, and those that nodes have whose plugin is gone. */
export async function basetypeLines(djet: Djet): Promise<BasetypeLine[]> {
  const { basetypes, plugins } = djet.app
  const stored = await storedNames(djet)
  const names = [...new Set([...basetypes.keys(), ...stored])].sort()
  const counts = await djet.query<{ name: string; n: number }>(
    `select given.name, (select count(*) from (
       select from djet.node n where n.basetype = given.name limit ${MOST_COUNTED + 1}) as counted) as n
     from unnest($1::text[]) as given (name)`,
    [names],
  )
  const count = new Map(counts.map(({ name, n }) => [name, n]))
  const owner = new Map(
    plugins.flatMap(({ name, basetypes = [] }) => basetypes.map((type) => [type.name, name])),
  )
  return names.map((name) => {
    const basetype = basetypes.get(name)
    const n = count.get(name) ?? 0
    return {
      name,
      title: basetype?.title ?? name,
      plugin: basetype ? (owner.get(name) ?? 'core') : null,
      fields: basetype ? fieldsOf(basetype) : [],
      parents: basetype?.parents ?? null,
      children: basetype?.children ?? null,
      max: basetype?.max ?? null,
      nodes: Math.min(n, MOST_COUNTED),
      hasMore: n > MOST_COUNTED,
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
async function storedNames(djet: Djet): Promise<string[]> {
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
