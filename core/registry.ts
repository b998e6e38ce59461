import type { Basetype } from './basetype.ts'
import { defaultEngine } from './default-engine.ts'
import type { Engine } from './engine.ts'
import { DjetError, didYouMean, messageOf } from './error.ts'
import { page } from './page.ts'
import type { Contributions, Plugin } from './plugin.ts'
import { LiquidPages } from './site-type/liquid.ts'

/** What a plugin may say; any other key must be an extension point of a loaded plugin. */
const PLUGIN_KEYS = new Set([
  'name',
  'version',
  'requires',
  'folder',
  'basetypes',
  'engines',
  'extensionPoints',
  'seed',
  'check',
  'start',
  'payload',
  'commands',
  'heldFiles',
  'checkFile',
  'roles',
  'trashObstacles',
  'trashWarnings',
  'findNodes',
  'findImages',
  'api',
])

/** Everything the plugins of a site bring, checked and looked up by name. Made once, at boot. */
export interface Registry {
  /** Each after those it requires. */
  readonly plugins: readonly Plugin[]
  readonly basetypes: ReadonlyMap<string, Basetype>
  /** Name of the plugin a basetype comes from; `core` for `page`. */
  readonly origin: ReadonlyMap<string, string>
  readonly engines: ReadonlyMap<string, Engine>
  contributions<K extends keyof Contributions>(
    key: K,
  ): { plugin: Plugin; value: NonNullable<Contributions[K]> }[]
}

/**
 * Orders plugins so that each comes after those it requires.
 * @throws {DjetError} PLUGIN_TWICE, PLUGIN_MISSING, PLUGIN_CYCLE
 */
export function orderPlugins(plugins: readonly Plugin[]): Plugin[] {
  const byName = new Map<string, Plugin>()
  for (const plugin of plugins) {
    if (!/^[a-z][a-z0-9-]*$/.test(plugin.name) || plugin.name === 'core' || plugin.name === 'site') {
      throw new DjetError(
        'PLUGIN_NAME_INVALID',
        `plugin name '${plugin.name}' must be lower-case letters, digits and '-', and neither 'core' nor 'site'.`,
      )
    }
    if (byName.has(plugin.name)) {
      throw new DjetError(
        'PLUGIN_TWICE',
        `plugin '${plugin.name}' stands twice in djet.config.ts. Remove one.`,
      )
    }
    byName.set(plugin.name, plugin)
  }
  const ordered: Plugin[] = []
  const state = new Map<string, 'open' | 'done'>()
  const visit = (plugin: Plugin, trail: readonly string[]): void => {
    if (state.get(plugin.name) === 'done') return
    if (state.get(plugin.name) === 'open') {
      const cycle = [...trail.slice(trail.indexOf(plugin.name)), plugin.name].join(' -> ')
      throw new DjetError('PLUGIN_CYCLE', `plugins require each other in a circle: ${cycle}.`)
    }
    state.set(plugin.name, 'open')
    for (const name of plugin.requires ?? []) {
      const required = byName.get(name)
      if (!required) {
        throw new DjetError(
          'PLUGIN_MISSING',
          `plugin '${plugin.name}' requires plugin '${name}', which is not in djet.config.ts.` +
            (didYouMean(name, byName.keys()) || ` Add it to \`plugins\`.`),
        )
      }
      visit(required, [...trail, plugin.name])
    }
    state.set(plugin.name, 'done')
    ordered.push(plugin)
  }
  for (const plugin of plugins) visit(plugin, [])
  return ordered
}

/**
 * Collects what the plugins bring and checks that every name they use exists.
 * @throws {DjetError} what is wrong with a plugin, before anything starts
 */
export function createRegistry(given: readonly Plugin[]): Registry {
  const plugins = orderPlugins(given)
  const basetypes = new Map<string, Basetype>([[page.name, page]])
  const origin = new Map<string, string>([[page.name, 'core']])
  const engines = new Map<string, Engine>([['default', defaultEngine]])
  const points = new Set<string>(plugins.flatMap((plugin) => plugin.extensionPoints ?? []))

  for (const plugin of plugins) {
    for (const key of Object.keys(plugin)) {
      if (PLUGIN_KEYS.has(key) || points.has(key)) continue
      throw new DjetError(
        'PLUGIN_KEY_UNKNOWN',
        `plugin '${plugin.name}' has '${key}', which is no part of a plugin and no extension point of a loaded one.` +
          (didYouMean(key, [...PLUGIN_KEYS, ...points]) ||
            ' Is the plugin that declares it missing in djet.config.ts?'),
      )
    }
    for (const [name, engine] of Object.entries(plugin.engines ?? {})) {
      if (engines.has(name)) throw twice('engine', name, plugin)
      engines.set(name, engine)
    }
    for (const basetype of plugin.basetypes ?? []) {
      if (basetypes.has(basetype.name))
        throw twice('basetype', basetype.name, plugin, origin.get(basetype.name))
      basetypes.set(basetype.name, basetype)
      origin.set(basetype.name, plugin.name)
    }
  }
  for (const basetype of basetypes.values()) checkBasetype(basetype, { basetypes, engines, origin })

  const registry: Registry = Object.freeze({
    plugins,
    basetypes,
    origin,
    engines,
    contributions: <K extends keyof Contributions>(key: K) =>
      plugins.flatMap((plugin) => {
        const value = plugin[key]
        return value === undefined || value === null
          ? []
          : [{ plugin, value: value as NonNullable<Contributions[K]> }]
      }),
  })
  for (const plugin of plugins) plugin.check?.(registry)
  return registry
}

function twice(kind: string, name: string, plugin: Plugin, other?: string): DjetError {
  return new DjetError(
    `${kind.toUpperCase()}_TWICE`,
    `plugin '${plugin.name}' brings ${kind} '${name}', which ${other ? `'${other}'` : 'another plugin'} brings already.`,
  )
}

function checkBasetype(basetype: Basetype, known: Pick<Registry, 'basetypes' | 'engines' | 'origin'>): void {
  const who = `basetype '${basetype.name}' (plugin '${known.origin.get(basetype.name)}')`
  if (basetype.engine !== undefined && !known.engines.has(basetype.engine)) {
    throw new DjetError(
      'BASETYPE_ENGINE_UNKNOWN',
      `${who} names engine '${basetype.engine}', which no plugin provides.${didYouMean(basetype.engine, known.engines.keys())}`,
    )
  }
  if (basetype.liquid !== undefined) {
    try {
      new LiquidPages().check(basetype.liquid)
    } catch (cause) {
      throw new DjetError(
        'BASETYPE_LIQUID',
        `${who} has a Liquid template that is none: ${messageOf(cause)}.`,
        {
          cause,
        },
      )
    }
  }
  for (const [list, names] of [
    ['parents', basetype.parents],
    ['children', basetype.children],
  ] as const) {
    for (const name of names ?? []) {
      if (known.basetypes.has(name)) continue
      throw new DjetError(
        'BASETYPE_UNKNOWN',
        `${who} names '${name}' among its ${list}, which no plugin provides.${didYouMean(name, known.basetypes.keys())}`,
      )
    }
  }
}
