import type { Basetype } from '../basetype.ts'
import type { Connection } from '../db/connection.ts'
import { DjetError } from '../error.ts'

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
