import {
  type Connection,
  checkDefinition,
  type Djet,
  DjetError,
  type SiteType,
} from '../../../../core/index.ts'

/** A type made on the site as it is stored. */
export interface StoredType {
  readonly name: string
  /** Counted by changes. */
  readonly version: number
  readonly definition: SiteType
  /** The plugin that brings a type of this name now. */
  readonly takenOver: string | null
  readonly created: Date
  readonly createdBy: string | null
  readonly modified: Date
  readonly modifiedBy: string | null
}

/** A state that a type had. */
export interface TypeVersion {
  readonly version: number
  readonly definition: SiteType
  readonly saved: Date
  /** Login; null: the system. */
  readonly savedBy: string | null
  readonly note: string | null
}

const COLUMNS = `name, version, definition, taken_over as "takenOver", created, created_by as "createdBy",
  modified, modified_by as "modifiedBy"`

/**
 * Making and changing types is for those who administer the site: `administer` at the admin node.
 * @throws {DjetError} ACCESS_DENIED, 401 or 403
 */
export async function requireAdministrator(djet: Djet): Promise<void> {
  if (djet.system) return
  const [row] = await djet.query<{ id: number }>({
    name: 'admin-node',
    text: "select id from djet.node where basetype = 'admin' limit 1",
  })
  if (row) return djet.require('administer', row.id)
  throw new DjetError('ACCESS_DENIED', 'you may not administer this site.', {
    status: djet.user === null ? 401 : 403,
  })
}

/** Types made on the site by name, those that a plugin took over included. There are few: one page. */
export async function storedTypes(djet: Djet): Promise<StoredType[]> {
  const rows = await djet.query<StoredType>(`select ${COLUMNS} from djet.basetype order by name limit 1000`)
  return rows.map(whole)
}

/** One of them; null when there is none. */
export async function storedType(djet: Djet, name: string): Promise<StoredType | null> {
  const [row] = await djet.query<StoredType>(`select ${COLUMNS} from djet.basetype where name = $1`, [
    storable(name),
  ])
  return row ? whole(row) : null
}

/** @throws {DjetError} BASETYPE_NOT_FOUND, 404 */
export async function requireStored(djet: Djet, name: string): Promise<StoredType> {
  const type = await storedType(djet, name)
  if (type) return type
  throw new DjetError('BASETYPE_NOT_FOUND', `no type '${name.slice(0, 100)}' was made on this site.`, {
    status: 404,
  })
}

/**
 * Locks a type for a change: waits for whoever writes nodes of it, and holds back the next.
 * @throws {DjetError} BASETYPE_NOT_FOUND, 404; TYPE_CHANGED, 409, with the state it has, unless it is still this version;
 *   BASETYPE_BUSY, 503, when a task is changing it and a user waits
 */
export async function lockType(djet: Djet, name: string, ifVersion: number | undefined): Promise<StoredType> {
  await lockRow(djet, name)
  const type = await requireStored(djet, name)
  if (ifVersion === undefined || ifVersion === type.version) return type
  const by = type.modifiedBy ?? 'the site itself'
  throw new DjetError('TYPE_CHANGED', `${by} has changed the type '${name}' in the meantime.`, {
    status: 409,
    details: { current: type },
  })
}

/** Time a person waits at most for another change of the type. */
const LONGEST_WAIT = '10s'

async function lockRow(djet: Djet, name: string): Promise<void> {
  const limit = "select set_config('lock_timeout', $1, true)"
  if (!djet.system) await djet.query(limit, [LONGEST_WAIT])
  try {
    await djet.query('select from djet.basetype where name = $1 for update', [storable(name)])
  } catch (error) {
    if ((error as { code?: string }).code !== '55P03') throw error
    const message = `the type '${name}' is being changed just now. Try again in a minute.`
    throw new DjetError('BASETYPE_BUSY', message, { status: 503, expose: true, cause: error })
  }
  if (!djet.system) await djet.query(limit, ['0'])
}

/** States of a type, the latest first; also of one that was deleted. */
export async function typeVersions(djet: Djet, name: string): Promise<TypeVersion[]> {
  await requireAdministrator(djet)
  const rows = await djet.query<TypeVersion>(
    `select version, definition, saved, saved_by as "savedBy", note from djet.basetype_version
     where name = $1 order by version desc limit 200`,
    [storable(name)],
  )
  return rows.map(whole)
}

/** Adds the state a type has now to its versions. */
export async function keepTypeVersion(
  { connection, user }: { connection: Connection; user: Djet['user'] },
  type: { name: string; version: number; definition: SiteType; note: string | null; by?: string | null },
): Promise<void> {
  await connection.query(
    `insert into djet.basetype_version (name, version, definition, saved_by, note) values ($1, $2, $3, $4, $5)`,
    [type.name, type.version, JSON.stringify(type.definition), type.by ?? user?.login ?? null, type.note],
  )
}

/** What was stored by an earlier Djet has all that a definition has now. */
function whole<T extends { definition: SiteType }>(row: T): T {
  return { ...row, definition: checkDefinition(row.definition).definition ?? row.definition }
}

function storable(name: string): string {
  return name.replaceAll('\0', '')
}
