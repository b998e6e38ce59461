import type { Djet } from '../../../../core/index.ts'
import { movedData, type TypePlan } from './plan.ts'

const BATCH = 500

interface NodeRow {
  id: number
  data: Record<string, unknown>
}

interface VersionRow extends NodeRow {
  version: number
  draft: number
}

/**
 * Brings the data of all nodes of a type into the shape a plan says: in the tree and in the trash, with all their
 * versions and drafts, in the transaction of the scope.
 *
 * @returns how many nodes were changed, and under which names values were put that the new rules cannot read
 */
export async function moveData(
  djet: Djet,
  name: string,
  plan: TypePlan,
  seen: (nodes: number) => void = () => {},
): Promise<{ changed: number; used: ReadonlySet<string> }> {
  const used = new Set<string>()
  let changed = 0
  let total = 0
  for (let last = 0; ; ) {
    djet.signal.throwIfAborted()
    const part = (type: string) =>
      `(select id from djet.node where basetype = ${type} and id > $3 order by id limit ${BATCH})`
    const found = await djet.query<{ id: number }>(
      `${part('$1')} union all ${part('$2')} order by id limit ${BATCH}`,
      [name, `~${name}`, last],
    )
    if (found.length === 0) return { changed, used }
    const ids = found.map(({ id }) => id)
    last = ids.at(-1)!
    changed += await moveBatch(djet, ids, plan, used)
    total += ids.length
    seen(total)
  }
}

async function moveBatch(
  djet: Djet,
  ids: readonly number[],
  plan: TypePlan,
  used: Set<string>,
): Promise<number> {
  const nodes = await djet.query<NodeRow>(
    'select id, data from djet.node where id = any($1) order by id for no key update',
    [ids],
  )
  const moved = nodes.flatMap(({ id, data }) => {
    const after = movedData(plan, data, used)
    return after === data ? [] : [{ id, data: after }]
  })
  if (moved.length > 0) {
    await djet.query(
      `update djet.node n set data = m.data from jsonb_to_recordset($1::jsonb) as m (id int, data jsonb) where n.id = m.id`,
      [JSON.stringify(moved)],
    )
  }
  const versions = await djet.query<VersionRow>(
    'select node_id as id, version, draft, data from djet.node_version where node_id = any($1)',
    [ids],
  )
  const kept = versions.flatMap(({ id, version, draft, data }) => {
    const after = movedData(plan, data, used)
    return after === data ? [] : [{ id, version, draft, data: after }]
  })
  if (kept.length > 0) {
    await djet.query(
      `update djet.node_version v set data = m.data
       from jsonb_to_recordset($1::jsonb) as m (id int, version int, draft int, data jsonb)
       where v.node_id = m.id and v.version = m.version and v.draft = m.draft`,
      [JSON.stringify(kept)],
    )
  }
  return moved.length
}
