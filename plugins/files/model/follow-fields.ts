import type { DjetApp, Fields } from '../../../core/index.ts'
import { file } from '../basetypes.ts'

/** Nodes looked at in one transaction when a field comes to be known. */
const BATCH = 500

/** One process at a time tells which fields there are, and looks at nodes. */
const IN_TURN = "select pg_advisory_xact_lock(hashtext('files.field'), 0)"

/** Types of fields that never name a file; what plugins add is looked through. */
const NEVER = [
  'str',
  'text',
  'int',
  'number',
  'boolean',
  'date',
  'email',
  'enum',
  'choices',
  'price',
  'protected',
]

/**
 * Tells the database which fields may name files, and has the nodes looked at that were there before the field was. Safe
 * to be done by several processes at once, and to be broken off.
 */
export async function followFields(app: DjetApp): Promise<void> {
  const fields = [...app.basetypes.values()].flatMap(({ name: basetype, fields }) =>
    fieldsThatRefer(fields)
      // The content of a file is what it is, not what it uses.
      .filter(({ name }) => basetype !== file.name || name !== 'file')
      .map((field) => ({ basetype, ...field })),
  )
  await app.database.transaction(async (tx) => {
    await tx.query(IN_TURN)
    await tx.query(
      `insert into files.field (basetype, name, type, looked_at)
       select basetype, name, type, 0 from json_to_recordset($1) as f (basetype text, name text, type text)
       on conflict (basetype, name) do update set type = excluded.type, looked_at = 0 where field.type <> excluded.type`,
      [JSON.stringify(fields)],
    )
  })
  while (!app.signal.aborted && (await lookAtSome(app))) {}
}

/** Fields that may name a file; of a group its columns, `lines.photo`. */
function fieldsThatRefer(fields: Fields): { name: string; type: string }[] {
  return Object.entries(fields).flatMap(([name, { type, settings }]) => {
    if (type === 'group') {
      return fieldsThatRefer(settings.fields as Fields).map((column) => ({
        ...column,
        name: `${name}.${column.name}`,
      }))
    }
    if (NEVER.includes(type)) return []
    const types = settings.basetypes as readonly string[] | undefined
    if (type === 'node') return types === undefined || types.includes(file.name) ? [{ name, type }] : []
    return [{ name, type: ['html', 'file', 'link'].includes(type) ? type : 'structured' }]
  })
}

/** All fields of one basetype at once. False: there is nothing left to look at. */
function lookAtSome(app: DjetApp): Promise<boolean> {
  return app.database.transaction(async (tx) => {
    await tx.query(IN_TURN)
    const [next] = await tx.query<{ basetype: string; looked_at: number }>(
      `select basetype, min(looked_at) as looked_at from files.field where looked_at is not null
       group by basetype order by basetype limit 1`,
    )
    if (next === undefined) return false
    // Those in the trash as well, which may come back. Each by itself, so that it goes along the index.
    const some = (basetype: string) =>
      `(select id from djet.node where basetype = ${basetype} and id > $2 order by id limit $3)`
    const nodes = await tx.query<{ id: number }>(
      `${some('$1')} union all ${some("'~' || $1")} order by id limit $3`,
      [next.basetype, next.looked_at, BATCH],
    )
    const ids = nodes.map(({ id }) => id)
    if (ids.length > 0) await tx.query('select files.note_uses($1)', [ids])
    await tx.query(
      `update files.field set looked_at = case when $2::integer is not null then greatest(looked_at, $2) end
       where basetype = $1 and looked_at is not null`,
      [next.basetype, ids.length < BATCH ? null : ids.at(-1)],
    )
    return true
  })
}
