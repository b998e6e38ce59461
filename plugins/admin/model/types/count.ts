import type { Djet } from '../../../../core/index.ts'

/** Nodes of one type that are counted one by one; of more there is an estimate. */
const MOST_COUNTED = 5000

/** How many nodes a type has. */
export interface TypeCount {
  readonly nodes: number
  /** An estimate from the statistics that the database keeps. */
  readonly isEstimate: boolean
}

/**
 * How many nodes types have, those in the trash left out: counted in the index as far as that is quick, beyond that
 * estimated, so that it costs the same with a million nodes.
 */
export async function countNodes(djet: Djet, names: readonly string[]): Promise<Map<string, TypeCount>> {
  const counts = await djet.query<{ name: string; n: number }>(
    // A range in the order of the index: of an equality the planner may think that it is met by any tenth row.
    `select given.name, (select count(*) from (
       select from djet.node n where n.basetype >= given.name and n.basetype <= given.name
       order by n.basetype, n.id limit ${MOST_COUNTED + 1}) as counted) as n
     from unnest($1::text[]) as given (name)`,
    [names],
  )
  const isMany = ({ n }: { n: number }) => n > MOST_COUNTED
  const estimates = counts.some(isMany) ? await estimated(djet) : new Map<string, number>()
  return new Map(
    counts.map((row): [string, TypeCount] => [
      row.name,
      isMany(row)
        ? { nodes: Math.max(estimates.get(row.name) ?? 0, MOST_COUNTED), isEstimate: true }
        : { nodes: row.n, isEstimate: false },
    ]),
  )
}

/** Share of each frequent type, by the latest ANALYZE, of the rows the table has now by its size. */
async function estimated(djet: Djet): Promise<Map<string, number>> {
  const rows = await djet.query<{ name: string; n: number }>(
    `select name, round(share * c.reltuples)::float8 as n
     from pg_class c, pg_stats s,
       unnest(s.most_common_vals::text::text[], s.most_common_freqs) as common (name, share)
     where c.oid = 'djet.node'::regclass and s.schemaname = 'djet' and s.tablename = 'node' and s.attname = 'basetype'`,
  )
  return new Map(rows.map(({ name, n }) => [name, n]))
}
