import type { Logger } from 'pino'
import type { Basetype } from '../basetype.ts'
import type { Connection } from '../db/connection.ts'
import { messageOf } from '../error.ts'
import type { Registry } from '../registry.ts'
import { buildBasetype, checkDefinition } from './definition.ts'

interface Row {
  name: string
  version: number
  definition: unknown
}

/** SQLSTATE: the table or its schema is not there; the site is not prepared yet. */
const NOT_THERE = new Set(['42P01', '3F000'])

/**
 * The basetypes of a site: those of code, and those made on the site, read anew whenever one of them changes. What
 * code brings goes before what was made here. The maps stay the same ones, so whoever holds them sees the change.
 */
export class LiveBasetypes {
  readonly all: Map<string, Basetype>
  /** Where each comes from: a plugin, `core`, or `site`. */
  readonly origin: Map<string, string>
  /** Types made on the site that cannot be used, and why. */
  readonly broken = new Map<string, string>()
  readonly #code: Pick<Registry, 'basetypes' | 'origin'>
  readonly #log: Logger
  #settled: Promise<void> = Promise.resolve()

  constructor(code: Pick<Registry, 'basetypes' | 'origin'>, log: Logger) {
    this.#code = code
    this.#log = log
    this.all = new Map(code.basetypes)
    this.origin = new Map(code.origin)
  }

  /** Resolves when what was to be read so far has been read. */
  get settled(): Promise<void> {
    return this.#settled
  }

  /** Reads them, one reading after the other; whether any is another than before. Rejects when the database could not be asked. */
  load(connection: Connection): Promise<boolean> {
    const loading = this.#settled.then(() => this.#load(connection))
    this.#settled = loading.then(
      () => {},
      () => {},
    )
    return loading
  }

  async #load(connection: Connection): Promise<boolean> {
    const rows = await read(connection)
    const made = new Map<string, Basetype>()
    this.broken.clear()
    for (const { name, version, definition } of rows) {
      if (this.#code.basetypes.has(name)) continue
      const known = this.all.get(name)
      if (known?.onSite?.version === version) made.set(name, known)
      else this.#make(made, name, version, definition)
    }
    const before = [...this.all.values()].filter(({ onSite }) => onSite)
    const isSame = before.length === made.size && before.every((type) => made.get(type.name) === type)
    // All at once: nobody sees them half changed.
    for (const name of this.all.keys())
      if (!this.#code.basetypes.has(name) && !made.has(name)) this.all.delete(name)
    for (const [name, basetype] of made) this.all.set(name, basetype)
    this.origin.clear()
    for (const [name, plugin] of this.#code.origin) this.origin.set(name, plugin)
    for (const name of made.keys()) this.origin.set(name, 'site')
    return !isSame
  }

  #make(made: Map<string, Basetype>, name: string, version: number, given: unknown): void {
    try {
      const { definition, errors } = checkDefinition(given)
      if (definition) made.set(name, buildBasetype(name, definition, version))
      else
        this.broken.set(
          name,
          Object.entries(errors)
            .map((pair) => pair.join(' '))
            .join('; '),
        )
    } catch (error) {
      this.broken.set(name, messageOf(error))
    }
    const why = this.broken.get(name)
    if (why !== undefined) this.#log.error(`basetype '${name}', made on the site, cannot be used: ${why}`)
  }
}

async function read(connection: Connection): Promise<Row[]> {
  try {
    return await connection.query<Row>('select name, version, definition from djet.basetype order by name')
  } catch (error) {
    if (NOT_THERE.has((error as { code?: string }).code ?? '')) return []
    throw error
  }
}

/**
 * Notes which types made on the site a plugin now brings instead, and which it no longer does.
 */
export async function noteTakeovers(
  connection: Connection,
  code: ReadonlyMap<string, string>,
): Promise<void> {
  const found = `(select t.name, c.plugin from djet.basetype t
    left join unnest($1::text[], $2::text[]) as c (name, plugin) using (name)
    where t.taken_over is distinct from c.plugin) as found`
  const values = [[...code.keys()], [...code.values()]]
  // An update of nothing would tell everybody that something changed.
  if ((await connection.query(`select from ${found}`, values)).length === 0) return
  await connection.query(
    `update djet.basetype b set taken_over = found.plugin from ${found} where b.name = found.name`,
    values,
  )
}
