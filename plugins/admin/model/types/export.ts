import { type Djet, DjetError, type SiteField, type SiteType } from '../../../../core/index.ts'
import { requireAdministrator, requireStored, type StoredType, storedTypes } from './stored.ts'

/** A file to download. */
export interface PluginFile {
  /** `recipe.ts` */
  readonly file: string
  readonly text: string
  /** Types it brings: the one asked for, and those made on the site that it names. */
  readonly types: readonly string[]
}

/**
 * A type made on the site as the source of a plugin. Put into the site's folder and named in `djet.config.ts`, it
 * brings the type instead: what was made on the site steps back, its nodes go on.
 * @throws {DjetError} BASETYPE_NOT_FOUND, 404; ACCESS_DENIED
 */
export async function exportType(djet: Djet, name: string): Promise<PluginFile> {
  await requireAdministrator(djet)
  const type = await requireStored(djet, name)
  const all = new Map((await storedTypes(djet)).map((one) => [one.name, one]))
  const types = withNamed(type, all, djet.app.codeOrigin)
  return { file: `${name}.ts`, text: sourceOf(name, types), types: types.map((one) => one.name) }
}

/** Names that code knows only when this file brings them too. */
function withNamed(
  type: StoredType,
  all: ReadonlyMap<string, StoredType>,
  code: ReadonlyMap<string, string>,
): StoredType[] {
  const found = new Map([[type.name, type]])
  for (const one of found.values()) {
    for (const name of [...(one.definition.parents ?? []), ...(one.definition.children ?? [])]) {
      const other = all.get(name)
      if (other && !code.has(name)) found.set(name, other)
      else if (!code.has(name)) {
        throw new DjetError(
          'BASETYPE_UNKNOWN',
          `the type '${one.name}' names '${name}', which there is not.`,
          {
            status: 409,
          },
        )
      }
    }
  }
  return [...found.values()]
}

function sourceOf(name: string, types: readonly StoredType[]): string {
  const usesFields = types.some(({ definition }) => definition.fields.length > 0)
  const imports = ['defineBasetype', 'definePlugin', ...(usesFields ? ['field'] : []), 'type NodeOf']
  const plugin = `${camel(name)}Plugin`
  return [
    `import { ${imports.join(', ')} } from 'djet'`,
    ...types.map(({ name, definition }) => typeSource(name, definition)),
    `/**
 * Brings what was made on the site. In djet.config.ts:
 *
 *   import { ${plugin} } from './plugins/${name}.ts'
 *   plugins: [..., ${plugin}()]
 */
export const ${plugin} = definePlugin(() => ({
  name: '${name}-type',
  version: '1.0.0',
  basetypes: [${types.map((type) => `${camel(type.name)}Type`).join(', ')}],
}))
`,
  ].join('\n\n')
}

function typeSource(name: string, definition: SiteType): string {
  const { title, parents, children, max, menu, childOrder, template, fields } = definition
  const lines = [
    `name: ${literal(name)},`,
    `title: ${literal(title)},`,
    ...(parents === null ? [] : [`parents: ${literal(parents)},`]),
    ...(children === null ? [] : [`children: ${literal(children)},`]),
    ...(max === null ? [] : [`max: ${max},`]),
    ...(menu ? [] : ['menu: false,']),
    ...(childOrder === 'position' ? [] : [`childOrder: ${literal(childOrder)},`]),
    ...(template.trim() === '' ? [] : [`liquid: ${textBlock(template)},`]),
    ...(fields.length === 0 ? [] : ['fields: {', ...fields.map((field) => `  ${fieldSource(field)},`), '},']),
  ]
  const pascal = camel(name).replace(/^./, (first) => first.toUpperCase())
  return `export const ${camel(name)}Type = defineBasetype({
${lines.map((line) => `  ${line}`).join('\n')}
})
export type ${pascal} = NodeOf<typeof ${camel(name)}Type>`
}

function fieldSource({ name, type, options = {}, ...common }: SiteField): string {
  const { choices, ...others } = options
  const given = Object.entries({ ...common, ...others }).filter(
    ([, value]) => value !== undefined && value !== false,
  )
  const object = given.length === 0 ? '' : literal(Object.fromEntries(given))
  if (choices === undefined) return `${name}: field.${type}(${object})`
  const labels = (choices as { value: string; label: string }[]).map(({ value, label }) => [value, label])
  return `${name}: field.${type}(${[literal(Object.fromEntries(labels)), object].filter(Boolean).join(', ')})`
}

/** Source of a value that JSON can say. */
function literal(value: unknown): string {
  if (typeof value === 'string') return quoted(value)
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const entries = Object.entries(value).map(([key, item]) => {
    const name = /^[A-Za-z_]\w*$/.test(key) ? key : quoted(key)
    return `${name}: ${literal(item)}`
  })
  return `{ ${entries.join(', ')} }`
}

function quoted(text: string): string {
  return `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'").replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')}'`
}

/** A text of several lines, readable in the source. */
function textBlock(text: string): string {
  const escaped = text
    .replaceAll('\\', '\\\\')
    .replaceAll('`', '\\`')
    .replaceAll('${', '\\${')
    .replaceAll('\r', '\\r')
  return `\`${escaped}\``
}

/** `press-release` -> `pressRelease`. */
function camel(name: string): string {
  return name.replace(/-+(\w?)/g, (_, letter: string) => letter.toUpperCase())
}
