import { readFileSync } from 'node:fs'
import { migrateUp } from './db/migrate.ts'
import type { DjetApp } from './djet.ts'
import { DjetError } from './error.ts'
import { page } from './page.ts'
import type { Djet } from './scope.ts'
import { noteTakeovers } from './site-type/live.ts'

/** Version and folder of what has migrations, core first, plugins in the order of what they require. */
export function featuresOf(app: DjetApp): { name: string; version: string; migrations?: URL }[] {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  return [
    { name: 'core', version, migrations: new URL('../migrations/', import.meta.url) },
    ...app.plugins.map(({ name, version = '0.0.0', folder }) => ({
      name,
      version,
      ...(folder ? { migrations: new URL('migrations/', folder) } : {}),
    })),
  ]
}

/**
 * Makes a site ready to serve: migrations that are pending, then once each the root, the nodes each plugin cannot do
 * without, and what the site's own `seed` makes. Processes that start together do it one after the other.
 */
export async function prepareSite(app: DjetApp): Promise<void> {
  await app.onDirect((database) => migrateUp(database, featuresOf(app), app.log))
  await noteTakeovers(app.database, app.codeOrigin)
  await app.reloadBasetypes()
  const seeds: [string, (djet: Djet) => Promise<void>][] = [['core', seedRoot]]
  for (const { name, seed } of app.plugins) if (seed) seeds.push([name, seed])
  if (app.config.seed) seeds.push(['site', app.config.seed])
  for (const [name, seed] of seeds) await seedOnce(app, name, seed)
}

async function seedOnce(app: DjetApp, name: string, seed: (djet: Djet) => Promise<void>): Promise<void> {
  const announced = app.announcements.length
  try {
    await app.scope().transaction(async (djet) => {
      await djet.query("select pg_advisory_xact_lock(hashtext('djet.seed'), 0)")
      const [done] = await djet.query('select 1 from djet.feature where name = $1 and seeded is not null', [
        name,
      ])
      if (done) return
      app.log.info(`seeding ${name}`)
      await seed(djet)
      await djet.query(
        `insert into djet.feature (name, version, seeded) values ($1, '', now())
         on conflict (name) do update set seeded = now()`,
        [name],
      )
    })
  } catch (error) {
    app.announcements.length = announced
    if (!(error instanceof DjetError) || error.status >= 500) throw error
    // A refusal, such as a node that is there already, does not say by itself whose seed it met.
    const whose = name === 'site' ? 'of djet.config.ts' : `of plugin '${name}'`
    const { code, status, fields } = error
    const hint = (await hasNodesOf(app, name))
      ? ' Nodes of it are here from before: let its seed look for them, or delete them.'
      : ''
    throw new DjetError(code, `the seed ${whose} was refused: ${error.message}${hint}`, {
      status,
      cause: error,
      ...(fields && { fields }),
    })
  }
}

/** Whether nodes of a plugin are there before it is seeded: its migrations were undone, or somebody made them. */
export async function hasNodesOf(app: DjetApp, plugin: string): Promise<boolean> {
  const types = [...app.codeOrigin].filter(([, origin]) => origin === plugin).map(([type]) => type)
  const rows = await app.database.query('select from djet.node where basetype = any($1) limit 1', [types])
  return rows.length > 0
}

async function seedRoot(djet: Djet): Promise<void> {
  const { title } = djet.config.site
  await djet.nodes.insert(null, { basetype: page, name: 'Home', title, acl: { everyone: ['view'] } })
}
