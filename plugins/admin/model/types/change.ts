import {
  type Basetype,
  type Djet,
  DjetError,
  type SiteType,
  typeNameProblem,
} from '../../../../core/index.ts'
import { fittingDefinition, invalid } from './fit.ts'
import { moveData } from './move-data.ts'
import { planChange, type Renames } from './plan.ts'
import { reportChange, type TypeReport } from './report.ts'
import { keepTypeVersion, lockType, requireAdministrator, requireStored, type StoredType } from './stored.ts'
import { withStrays } from './strays.ts'

/** A type to be made. */
export interface NewType {
  readonly name: string
  /** Title, fields, places, template: see `SiteType`. Checked. */
  readonly definition: unknown
  readonly note?: string
}

/** A change of a type. */
export interface TypeChange {
  /** The whole definition as it is to be. Checked. */
  readonly definition: unknown
  /** New names of fields with the names they had: `{ tagline: 'subtitle' }`. Others are removed and added. */
  readonly renames?: Renames
  /** Refuse (TYPE_CHANGED, 409) unless the type is still this version. */
  readonly ifVersion?: number
  readonly note?: string
}

/** How a change is carried out beside what it says. */
export interface ChangeOptions {
  /** Login of who asked for it, when a task does it. */
  readonly by?: string | null
  /** Hears how many nodes have been gone through. */
  readonly seen?: (nodes: number) => void
}

/**
 * Makes a type. It is known in every process as soon as these have heard of it, here when this returns.
 *
 * @example
 * await createType(djet, { name: 'recipe', definition: { title: 'Recipe', fields: [{ name: 'text', type: 'html' }] } })
 * @throws {DjetError} BASETYPE_INVALID, 422; BASETYPE_TAKEN, 409; ACCESS_DENIED
 */
export async function createType(
  djet: Djet,
  { name, definition: given, note }: NewType,
): Promise<StoredType> {
  await requireAdministrator(djet)
  const problem = typeNameProblem(name)
  if (problem !== undefined) throw invalid({ name: problem })
  const owner = djet.app.codeOrigin.get(name)
  if (owner !== undefined)
    throw taken(name, `${owner === 'core' ? 'Djet itself' : `the plugin ${owner}`} brings it`)
  const definition = { ...(await fittingDefinition(djet, name, given)), retired: [] }
  return changing(djet, async (djet) => {
    const [row] = await djet.query<{ version: number }>(
      `insert into djet.basetype (name, version, definition, created_by, modified_by)
       select $1, coalesce((select max(version) from djet.basetype_version where name = $1), 0) + 1, $2, $3, $3
       on conflict (name) do nothing returning version`,
      [name, JSON.stringify(definition), djet.user?.login ?? null],
    )
    if (!row) throw taken(name, 'it was made on this site already')
    await keepTypeVersion(djet, { name, version: row.version, definition, note: noteOf(note) })
    await djet.audit({ action: 'basetype.create', subject: name, data: { fields: namesOf(definition) } })
    return requireStored(djet, name)
  })
}

/**
 * What a change would do to the nodes that are there. Changes nothing.
 * @throws {DjetError} as `changeType`
 */
export async function previewType(djet: Djet, name: string, change: TypeChange): Promise<TypeReport> {
  await requireAdministrator(djet)
  const { definition: before } = await changeable(djet, name)
  const after = await fittingDefinition(djet, name, change.definition)
  return reportChange(djet, name, await withStrays(djet, name, before, after), after, change.renames ?? {})
}

/**
 * Changes a type and, in the same transaction, what its nodes hold: all or nothing. The state before stays among its
 * versions.
 *
 * @example await changeType(djet, 'recipe', { definition, renames: { text: 'body' }, ifVersion: 3 })
 * @throws {DjetError} BASETYPE_INVALID, 422; BASETYPE_NOT_FOUND, 404; TYPE_CHANGED and BASETYPE_TAKEN_OVER, 409;
 *   ACCESS_DENIED
 */
export async function changeType(
  djet: Djet,
  name: string,
  change: TypeChange,
  { by, seen }: ChangeOptions = {},
): Promise<StoredType> {
  await requireAdministrator(djet)
  await changeable(djet, name)
  const fitting = await fittingDefinition(djet, name, change.definition)
  return changing(djet, async (djet) => {
    const before = await lockType(djet, name, change.ifVersion)
    const known = await withStrays(djet, name, before.definition, fitting)
    const plan = planChange(known, fitting, change.renames ?? {})
    const { changed: nodes, used } = plan.touchesData
      ? await moveData(djet, name, plan, seen)
      : { changed: 0, used: new Set<string>() }
    const unused = new Set(
      plan.fields.map(({ field, aside }) => (field && aside && !used.has(aside) ? aside : null)),
    )
    const definition: SiteType = { ...fitting, retired: plan.retired.filter((one) => !unused.has(one.name)) }
    const version = before.version + 1
    const login = by ?? djet.user?.login ?? null
    await djet.query(
      `update djet.basetype set version = $2, definition = $3, modified = now(), modified_by = $4 where name = $1`,
      [name, version, JSON.stringify(definition), login],
    )
    await keepTypeVersion(djet, { name, version, definition, note: noteOf(change.note), by: login })
    await djet.audit({
      action: 'basetype.change',
      subject: name,
      ...(login === null ? {} : { login }),
      data: {
        version,
        nodes,
        fields: plan.fields
          .filter((field) => field.change !== 'same')
          .map((field) => ({
            [field.change]: field.name,
            ...(field.change === 'renamed' ? { from: field.from } : {}),
          })),
      },
    })
    return requireStored(djet, name)
  })
}

/**
 * Deletes a type that no node has, not even one in the trash. Its versions stay, so that it can be made again.
 * @throws {DjetError} BASETYPE_IN_USE and TYPE_CHANGED, 409; BASETYPE_NOT_FOUND, 404; ACCESS_DENIED
 */
export async function removeType(djet: Djet, name: string, ifVersion?: number): Promise<void> {
  await requireAdministrator(djet)
  await changing(djet, async (djet) => {
    const { takenOver } = await lockType(djet, name, ifVersion)
    const [node] = await djet.query<{ basetype: string; path: string }>(
      'select basetype, path from djet.node where basetype = any($1) limit 1',
      [takenOver === null ? [name, `~${name}`] : []],
    )
    if (node) {
      const where = node.basetype === name ? `at ${node.path}` : 'in the trash'
      throw new DjetError('BASETYPE_IN_USE', `there are pages of the type '${name}', one of them ${where}.`, {
        status: 409,
      })
    }
    const [user] =
      takenOver === null ? [...djet.app.basetypes.values()].filter((type) => names(type, name)) : []
    if (user) {
      const message = `the type ${user.title} (${user.name}) names '${name}'. Change that first.`
      throw new DjetError('BASETYPE_IN_USE', message, { status: 409 })
    }
    await djet.query('delete from djet.basetype where name = $1', [name])
    await djet.audit({ action: 'basetype.delete', subject: name })
  })
}

/** Whether a type says something of another. */
function names(type: Basetype, name: string): boolean {
  if (type.name === name) return false
  const lists = [
    type.parents,
    type.children,
    ...Object.values(type.fields).map(({ settings }) => settings.basetypes),
  ]
  return lists.some((list) => Array.isArray(list) && list.includes(name))
}

/** Does it in a transaction, after which this process knows the types as they are now. */
async function changing<T>(djet: Djet, work: (djet: Djet) => Promise<T>): Promise<T> {
  return djet.transaction(async (djet) => {
    const result = await work(djet)
    await djet.afterCommit(() => djet.app.reloadBasetypes())
    return result
  })
}

/** @throws {DjetError} BASETYPE_NOT_FOUND, 404; BASETYPE_TAKEN_OVER, 409 */
async function changeable(djet: Djet, name: string): Promise<StoredType> {
  const owner = djet.app.codeOrigin.get(name)
  if (owner !== undefined) {
    const message = `the type '${name}' comes from ${owner === 'core' ? 'Djet itself' : `the plugin ${owner}`} and is changed in its code.`
    throw new DjetError('BASETYPE_TAKEN_OVER', message, { status: 409 })
  }
  return requireStored(djet, name)
}

function taken(name: string, why: string): DjetError {
  return new DjetError('BASETYPE_TAKEN', `there is a type '${name}' already: ${why}. Choose another name.`, {
    status: 409,
    fields: { name: `is taken: ${why}` },
  })
}

function namesOf({ fields }: SiteType): string[] {
  return fields.map(({ name }) => name)
}

function noteOf(note: string | undefined): string | null {
  const text = note
    ?.replace(/\p{Cc}/gu, ' ')
    .trim()
    .slice(0, 500)
  return text ? text : null
}
