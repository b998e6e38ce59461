import type { Basetype } from '../basetype.ts'
import type { Connection } from '../db/connection.ts'
import { DjetError } from '../error.ts'
import type { Djet } from '../scope.ts'
import { fits } from './place.ts'

/** @throws {DjetError} NODE_MAX, 409. Holds a lock on the type until the transaction ends. */
export async function checkMax(connection: Connection, basetype: Basetype, more: number): Promise<void> {
  if (basetype.max === undefined) return
  await connection.query("select pg_advisory_xact_lock(hashtext('djet.basetype'), hashtext($1))", [
    basetype.name,
  ])
  const [row] = await connection.query<{ path: string; n: number }>(
    'select min(path) as path, count(*) as n from djet.node where basetype = $1',
    [basetype.name],
  )
  const there = row?.n ?? 0
  if (there + more <= basetype.max) return
  const most = basetype.max === 1 ? 'exactly one' : `at most ${basetype.max}`
  throw new DjetError(
    'NODE_MAX',
    `a site has ${most} ${basetype.title} (${basetype.name})${there > 0 ? `; it is at ${row?.path}` : ''}.`,
    { status: 409 },
  )
}

/** Types of which a form makes children of a node, without those of which the site has as many as it may. */
export async function typesBelow(djet: Djet, parent: Basetype): Promise<Basetype[]> {
  const types = [...djet.app.basetypes.values()].filter(
    (type) => type.newForm !== false && fits(type, parent),
  )
  const full = await withoutRoom(djet, new Map(types.map((type) => [type, 1])))
  return types.filter(({ name }) => !full.has(name))
}

/** Names of those types of which a site may not have as many more as are given. */
export async function withoutRoom(djet: Djet, more: ReadonlyMap<Basetype, number>): Promise<Set<string>> {
  const limited = [...more].filter(([{ max }]) => max !== undefined)
  if (limited.length === 0) return new Set()
  // A range in the order of the index: of an equality the planner may think that it is met by any tenth row.
  const rows = await djet.query<{ name: string }>(
    `select given.name from unnest($1::text[], $2::int[]) as given (name, room)
     where given.room < (select count(*) from (
       select from djet.node n where n.basetype >= given.name and n.basetype <= given.name
       order by n.basetype, n.id limit greatest(given.room + 1, 0)) as counted)`,
    [limited.map(([{ name }]) => name), limited.map(([{ max = 0 }, n]) => max - n)],
  )
  return new Set(rows.map(({ name }) => name))
}
