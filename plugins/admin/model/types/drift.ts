import { buildBasetype, type Djet, messageOf } from '../../../../core/index.ts'
import { type TypeDifference, typeDifferences } from './differences.ts'
import type { StoredType } from './stored.ts'

/** Latest nodes of a type whose data is looked at. */
const LOOKED_AT = 200

/** What the database holds and the type does not say. */
export interface Drift {
  /** Values under names that are no fields of the type, with how many of the latest nodes have them. */
  readonly fields: readonly { readonly name: string; readonly nodes: number }[]
  /** Types that it names and that are not there. */
  readonly missing: readonly string[]
  /** What the plugin that took the type over says differently from what was made on the site. */
  readonly takenOver: readonly TypeDifference[]
  /** Why what was made on the site cannot be used. */
  readonly broken: string | null
}

/** Nodes of a type that are looked at for its drift. */
export const DRIFT_LOOKED_AT = LOOKED_AT

/** The drift of many types at once: one look at the latest nodes of each. */
export async function driftOf(
  djet: Djet,
  names: readonly string[],
  stored: readonly StoredType[],
): Promise<Map<string, Drift>> {
  const { basetypes, codeOrigin, brokenBasetypes } = djet.app
  const definitions = new Map(stored.map((type) => [type.name, type]))
  const known = names.map((name) => {
    const hidden = codeOrigin.has(name) ? [] : (definitions.get(name)?.definition.retired ?? [])
    return [...Object.keys(basetypes.get(name)?.fields ?? {}), ...hidden.map((field) => field.name)]
  })
  const rows = await djet.query<{ name: string; key: string; n: number }>(
    `select given.name, key, count(*) as n
     from jsonb_to_recordset($1::jsonb) as given (name text, known jsonb)
     cross join lateral (select data from djet.node n where n.basetype >= given.name and n.basetype <= given.name
       order by n.basetype desc, n.id desc limit ${LOOKED_AT}) as n
     cross join lateral jsonb_object_keys(n.data) as key
     where not given.known ? key group by 1, 2 order by 1, 2`,
    [JSON.stringify(names.map((name, i) => ({ name, known: known[i] })))],
  )
  return new Map(
    names.map((name): [string, Drift] => {
      const type = basetypes.get(name)
      const references = [...(type?.parents ?? []), ...(type?.children ?? [])]
      const row = definitions.get(name)
      return [
        name,
        {
          // Of a type that is not there at all, everything would be named.
          fields: type
            ? rows.filter((one) => one.name === name).map(({ key, n }) => ({ name: key, nodes: n }))
            : [],
          missing: [...new Set(references)].filter((other) => !basetypes.has(other)),
          takenOver: row && type && codeOrigin.has(name) ? changesOf(row, type) : [],
          broken: brokenBasetypes.get(name) ?? null,
        },
      ]
    }),
  )
}

function changesOf(row: StoredType, code: Parameters<typeof typeDifferences>[1]): TypeDifference[] {
  try {
    return typeDifferences(buildBasetype(row.name, row.definition, row.version), code)
  } catch (error) {
    return [{ place: 'definition', before: messageOf(error), after: code.title }]
  }
}

/** Whether there is any. */
export function isDrifting({ fields, missing, takenOver, broken }: Drift): boolean {
  return fields.length + missing.length + takenOver.length > 0 || broken !== null
}
