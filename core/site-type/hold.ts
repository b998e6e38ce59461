import type { Basetype } from '../basetype.ts'
import { DjetError } from '../error.ts'
import type { NodeStore } from '../node/node-store.ts'

/** Milliseconds a person waits at most for a change of a type to end. */
const LONGEST_WAIT = 10_000

/**
 * Holds types made on the site as they are until the transaction ends, so that nothing is written by the rules of
 * yesterday, whichever process changed them. Types of code cannot change.
 * @throws {DjetError} BASETYPE_CHANGED, 409; BASETYPE_UNKNOWN, 422; BASETYPE_BUSY, 503
 */
export async function holdTypes(store: NodeStore, types: Iterable<Basetype | undefined>): Promise<void> {
  const made = new Map<string, Basetype>()
  for (const type of types) if (type?.onSite) made.set(type.name, type)
  if (made.size === 0) return
  const names = [...made.keys()].sort()
  // Usually nobody is changing them, and one query is enough.
  let rows = await select(store, names, 'skip locked')
  if (rows.size < names.length) rows = await wait(store, names)
  for (const [name, { title, onSite }] of made) {
    const version = rows.get(name)
    if (version === onSite?.version) continue
    if (version === undefined) {
      throw new DjetError('BASETYPE_UNKNOWN', `the type ${title} (${name}) has just been deleted.`, {
        status: 422,
      })
    }
    const message = `the type ${title} (${name}) has just been changed. Look at the page again and save once more.`
    throw new DjetError('BASETYPE_CHANGED', message, { status: 409 })
  }
}

async function select(store: NodeStore, names: string[], how: string): Promise<Map<string, number>> {
  const rows = await store.options.connection.query<{ name: string; version: number }>(
    `select name, version from djet.basetype where name = any($1) order by name for share ${how}`,
    [names],
  )
  return new Map(rows.map(({ name, version }) => [name, version]))
}

async function wait(store: NodeStore, names: string[]): Promise<Map<string, number>> {
  const { connection, rights } = store.options
  if (rights === undefined) return select(store, names, '')
  const limit = "select set_config('lock_timeout', $1, true)"
  await connection.query(limit, [`${LONGEST_WAIT}ms`])
  try {
    return await select(store, names, '')
  } catch (error) {
    if ((error as { code?: string }).code !== '55P03') throw error
    const message = `the type ${names.join(', ')} is being changed just now. Try again in a minute.`
    throw new DjetError('BASETYPE_BUSY', message, { status: 503, expose: true, cause: error })
  } finally {
    await connection.query(limit, ['0']).catch(() => {})
  }
}
