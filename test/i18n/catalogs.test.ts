import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { DOORS, fieldTitle, SCOPES } from '../../core/index.ts'
import { createRegistry } from '../../core/registry.ts'
import { DJET_FOLDER } from '../../core/render.ts'
import site from '../../djet.config.ts'
import type { AnyJob } from '../../plugins/jobmachine/index.ts'
import { IMPORTED, RESULT_NAMES } from './imported.ts'
import { bareTexts, readSources } from './sources.ts'

const LANGUAGES = ['da', 'it']

/** Parts of the program: their sources, and where their translations are. */
const PARTS: Record<string, { sources: string[]; folder: string }> = {
  core: { sources: ['core', 'templates'], folder: 'core' },
  ...Object.fromEntries(
    site.plugins.map(({ name }) => [name, { sources: [`plugins/${name}`], folder: `plugins/${name}` }]),
  ),
}

/** Texts that the code puts together, so that no source has them as they are read. */
const COMPOSED: Record<string, string[]> = {
  core: [
    '{{name}} is saved.',
    '{{name}} is published.',
    '{{name}} is in the trash.',
    '{{name}} and {{count}} below it are in the trash.',
    '{{name}} is deleted.',
    '{{name}} and {{count}} below it are deleted.',
    'must not be before {{date}}',
    'must not be after {{date}}',
    "'{{zone}}' is no time zone. Use a name like Europe/Rome or UTC.",
    'there is no page {{page}}.',
    "there is already a node '{{part}}'. Choose another address.",
    "there is no basetype '{{name}}'.",
    "Did you mean '{{word}}'?",
    "'{{zone}}' is no time zone.",
    'Use one of {{names}}.',
    'Known: {{names}}.',
    'is left out by the clocks of {{zone}}, which go from {{from}} to {{to}} on that day',
    "there is already a node '{{part}}' below {{path}}. Choose another address.",
  ],
  users: ['{{count}} sessions are ended.'],
  admin: [
    '{{name}} is now {{path}}.',
    '{{name}} is now {{path}}; its old addresses lead there.',
    "names the type '{{name}}', which there is not.",
    '{{name}} is the first one already.',
    '{{name}} is the last one already.',
  ],
  jobmachine: [
    '{{failed}} of {{total}} tasks failed',
    'task {{id}}, which it waited for, failed',
    ...['Retry', 'Cancel'].flatMap((verb) => [`${verb} about {{n}} tasks`, `${verb} tasks`]),
    "there is no schedule '{{name}}'.",
    "'{{word}}' is no status.",
    "no plugin brings a job of class '{{name}}'.",
    'it needs 5 parts (minute, hour, day of month, month, day of week), or 6 with seconds in front, and has {{n}}',
    "{{name}} '{{part}}' cannot be read: it takes {{takes}}; ranges go upwards (1-5), lists have commas (1,3), steps a slash (*/5)",
    "'{{name}}' is '{{text}}'; it must be a time such as 2026-05-31 or 2026-05-31T14:30 ({{zone}}).",
  ],
  'sales-order': [
    ...['confirmed', 'shipped', 'cancelled'],
    ...['confirmed', 'shipped', 'cancelled'].map((state) => `Order {{number}} is ${state}.`),
    ...IMPORTED,
    'order {{number}} is {{state}} already',
    'order {{number}} is {{state}} and cannot become {{next}} any more',
  ],
}

const statuses = [400, 401, 403, 404, 405, 409, 412, 413, 414, 415, 422, 429, 500, 503]
const { STATUS_CODES } = await import('node:http')

/** Words that are looked up by a value: permissions, doors, states. */
const LOOKED_UP: Record<string, string[]> = {
  core: statuses.map((status) => STATUS_CODES[status] ?? ''),
  admin: [
    ...['view', 'edit', 'publish', 'administer', 'start', 'cancel', 'schedule'].map(
      (word) => `${word}_permission`,
    ),
    ...DOORS.map((door) => `${door}_door`),
    'draft',
    'unpublished',
    ...['published', 'unpublished', 'name', 'version'].map((name) => `${name}_result`),
  ],
  jobmachine: [
    ...['waiting', 'running', 'finished', 'failed', 'cancelled'],
    ...['tasks', 'finished', 'failed', 'retried', 'cancelled', 'left alone'].map((name) => `${name}_result`),
  ],
  'sales-order': [
    ...['open', 'confirmed', 'shipped', 'cancelled'].map((state) => `${state}_order`),
    ...RESULT_NAMES.map((name) => `${name}_result`),
  ],
  users: Object.values(SCOPES),
}

function catalogOf(part: string, language: string): Record<string, string> {
  const file = join(DJET_FOLDER, PARTS[part]!.folder, 'translations', `${language}.json`)
  if (!existsSync(file)) return {}
  const text = readFileSync(file, 'utf8')
  const catalog = JSON.parse(text) as Record<string, string>
  expect(text.match(/^ {2}"/gm)?.length ?? 0, `${file} has a text twice`).toBe(Object.keys(catalog).length)
  return catalog
}

const said = new Map(
  Object.entries(PARTS).map(([part, { sources }]) => [part, readSources(DJET_FOLDER, sources)]),
)
const withoutForm = (key: string) => key.replace(/_(zero|one|two|few|many|other)$/, '')
const withoutNames = (key: string) => key.replaceAll(/\{\{[^}]*\}\}/g, '{{}}')
const namesIn = (text: string) => [...new Set(text.match(/\{\{[^}]*\}\}/g))].sort().join()

/** Whether a message with `{{}}` is that of texts which are known as they are read. */
function isComposed(part: string, text: string): boolean {
  const source = text.replaceAll(/[.*+?^$()|[\]\\]/g, '\\$&').replaceAll('{{}}', '.+')
  return [...COMPOSED.core!, ...(COMPOSED[part] ?? [])].some((key) => new RegExp(`^${source}$`).test(key))
}

/** Titles and descriptions of a job's parameters. */
function parameterTexts(params: AnyJob['params']): string[] {
  const { properties = {} } = z.toJSONSchema(params as z.ZodType, { io: 'input', unrepresentable: 'any' })
  return Object.values(properties).flatMap((each) =>
    typeof each === 'boolean' ? [] : [each.title ?? '', each.description ?? ''],
  )
}

/** Titles and help of fields, types and jobs of a part, which templates look up. */
function titlesOf(part: string): string[] {
  const registry = createRegistry(site.plugins)
  const types = [...registry.basetypes.values()].filter(({ name }) => registry.origin.get(name) === part)
  const fields = types.flatMap((type) => Object.entries(type.fields))
  const jobs = registry
    .contributions('jobs')
    .filter(({ plugin }) => plugin.name === part)
    .flatMap(({ value }) => value as readonly AnyJob[])
  return [
    ...types.map(({ title }) => title),
    ...fields.flatMap(([name, field]) => [
      fieldTitle(name, field),
      field.help ?? '',
      ...((field.settings.choices as { label: string }[] | undefined) ?? []).map(({ label }) => label),
    ]),
    ...jobs.flatMap(({ label, description, params }) => [
      label,
      description ?? '',
      ...parameterTexts(params),
    ]),
  ].filter((text) => text !== '')
}

describe.each(Object.keys(PARTS))('the texts of %s', (part) => {
  const { used, quoted, flashed } = said.get(part)!

  test('stand in no template without being looked up', () => {
    expect(
      PARTS[part]!.sources.flatMap((folder) => bareTexts(DJET_FOLDER, folder)).filter(
        (text) => !text.includes('basetypes.eta'),
      ),
    ).toEqual([])
  })

  test.each(LANGUAGES)('are translated into %s', (language) => {
    const catalog = { ...catalogOf('core', language), ...catalogOf(part, language) }
    const english = { ...catalogOf('core', 'en'), ...catalogOf(part, 'en') }
    const has = (key: string) => Object.hasOwn(catalog, key)
    const missing = used
      .filter(({ text, context, isPlural }) => {
        if (isPlural) return !has(`${text}_one`) || !has(`${text}_other`) || !english[`${text}_one`]
        return !has(text) && !(context && has(`${text}_${context}`))
      })
      .map(({ text, place }) => `${place}: ${text}`)
    const known = new Set(Object.keys(catalog).map((key) => withoutNames(withoutForm(key))))
    const unknown = flashed
      .filter(({ text }) => !known.has(text) && !isComposed(part, text))
      .map(({ text, place }) => `${place}: ${text}`)
    const composed = (COMPOSED[part] ?? []).filter((key) => !has(key) && !has(`${key}_other`))
    expect([...missing, ...unknown, ...composed, ...titlesOf(part).filter((title) => !has(title))]).toEqual(
      [],
    )
  })

  test.each(LANGUAGES)('have in %s the same values as in English, and none that nothing says', (language) => {
    const catalog = catalogOf(part, language)
    const others = part === 'core' ? [...said.values()] : [said.get(part)!]
    const keys = new Set([
      ...others.flatMap((each) =>
        each.used.flatMap(({ text, context }) => (context ? [text, `${text}_${context}`] : [text])),
      ),
      ...(COMPOSED[part] ?? []),
      ...(LOOKED_UP[part] ?? []),
      ...titlesOf(part),
    ])
    const odd = Object.entries(catalog).filter(([key, text]) => {
      const plain = withoutForm(key)
      const isUsed =
        keys.has(plain) || keys.has(key) || quoted.has(withoutNames(key)) || quoted.has(withoutNames(plain))
      const sameNames =
        namesIn(text) === namesIn(key) || (/_one$/.test(key) && !namesIn(text).includes('{{x}}'))
      return !isUsed || !sameNames
    })
    expect(odd.map(([key]) => key)).toEqual([])
    if (part !== 'core') {
      const shared = catalogOf('core', language)
      expect(Object.entries(catalog).filter(([key, text]) => shared[key] === text)).toEqual([])
    }
  })
})
