import { type MigrationName, migrateDown, migrateUp, pendingMigrations } from '../db/migrate.ts'
import type { DjetApp } from '../djet.ts'
import { DjetError, didYouMean } from '../error.ts'
import { openSite } from '../open-site.ts'
import type { Command } from '../plugin.ts'
import { featuresOf, hasNodesOf } from '../prepare.ts'
import { wordsOf } from './words.ts'

const USAGE = 'migrate [up|down|status] [--plugin p] [--steps n]'
const ACTIONS = ['up', 'down', 'status']

/** `djet migrate`: brings the schema of core and of each plugin up, or takes steps back. */
export const migrate: Command = {
  usage: USAGE,
  summary: 'run pending migrations, or undo the latest ones',
  async run({ args, dir, print }) {
    const { action, plugin, steps } = read(args)
    const app = await openSite(dir, { applicationName: `djet-migrate/${process.pid}` })
    try {
      const features = featuresOf(app)
      if (plugin !== undefined && !features.some(({ name }) => name === plugin)) {
        const hint = didYouMean(
          plugin,
          features.map(({ name }) => name),
        )
        throw new DjetError('PLUGIN_UNKNOWN', `there is no plugin '${plugin}' in this site.${hint}`)
      }
      const done = await app.onDirect((database) =>
        action === 'status'
          ? pendingMigrations(database, features)
          : action === 'up'
            ? migrateUp(database, features, app.log)
            : migrateDown(database, features, { steps, plugin }, app.log),
      )
      const verb = { up: 'applied', down: 'undone', status: 'pending' }[action]
      for (const { plugin, name } of done) print(`${verb} ${plugin}/${name}`)
      if (action === 'down') for (const name of await newAgain(app, done)) print(toldOf(name))
      if (done.length === 0) print(action === 'down' ? 'nothing to undo' : 'everything is applied')
    } finally {
      await app.stop()
    }
  },
}

/** Plugins that would be seeded again beside their nodes, since no migration is left of those that were just undone. */
async function newAgain(app: DjetApp, undone: readonly MigrationName[]): Promise<string[]> {
  const names = [...new Set(undone.map(({ plugin }) => plugin))]
  // Core takes all nodes along.
  if (names.includes('core')) return []
  const rows = await app.database.query<{ name: string }>(
    `select name from unnest($1::text[]) as given (name)
     where not exists (select from djet.migration where plugin = given.name)`,
    [names],
  )
  const seeded: string[] = []
  for (const { name } of rows) {
    const seeds = app.plugins.some((plugin) => plugin.name === name && plugin.seed)
    if (seeds && (await hasNodesOf(app, name))) seeded.push(name)
  }
  return seeded
}

function toldOf(plugin: string): string {
  return `${plugin} counts as new: the next start makes its tables anew and seeds it again. Its nodes are still there.`
}

function read(args: readonly string[]) {
  const options = { plugin: { type: 'string' }, steps: { type: 'string', default: '1' } } as const
  const { values, positionals } = wordsOf(USAGE, args, options, 1)
  const action = positionals[0] ?? 'up'
  const steps = Number(values.steps)
  const refuse = (why: string) => new DjetError('OPTION_UNKNOWN', `djet migrate: ${why}`)
  if (!ACTIONS.includes(action)) throw refuse(`'${action}' is none of ${ACTIONS.join(', ')}.`)
  if (!Number.isInteger(steps) || steps < 1) throw refuse('--steps must be a whole number from 1.')
  return { action: action as 'up' | 'down' | 'status', plugin: values.plugin, steps }
}
