import { describe, expect, expectTypeOf, test } from 'vitest'
import { defineBasetype, defineEngine, definePlugin, field, type Plugin } from '../core/index.ts'
import { createRegistry } from '../core/registry.ts'

declare module '../core/index.ts' {
  interface Contributions {
    greetings?: readonly string[]
  }
}

function problem(...plugins: Plugin[]): { code: string; message: string } {
  try {
    createRegistry(plugins)
  } catch (error) {
    return error as { code: string; message: string }
  }
  throw new Error('the plugins are accepted')
}

const engine = defineEngine(() => {})

describe('plugins', () => {
  test('are ordered by what they require, else as they are given', () => {
    const { plugins } = createRegistry([
      { name: 'shop', requires: ['jobs', 'users'] },
      { name: 'jobs', requires: ['users'] },
      { name: 'news' },
      { name: 'users' },
    ])
    expect(plugins.map(({ name }) => name)).toEqual(['users', 'jobs', 'shop', 'news'])
  })

  test('are made from options and frozen', () => {
    const make = definePlugin(({ name = 'hello' }: { name?: string }) => ({ name }))
    expect(make().name).toBe('hello')
    expect(make({ name: 'other' }).name).toBe('other')
    expect(Object.isFrozen(make())).toBe(true)
  })
})

describe('a basetype is refused', () => {
  test.each([
    [
      'an option that does not exist',
      { parnets: ['page'] },
      "has no option 'parnets'. Did you mean 'parents'?",
    ],
    ['no title', { title: '' }, 'needs a title'],
    ['a name that is none', { name: '~deed' }, 'its name must begin with a letter'],
    ['a field that is none', { fields: { sku: 'text' } }, "'sku' is no field; write sku: field.str()"],
    ['a field of a name that forms have', { fields: { title: field.str() } }, "may not be called 'title'"],
  ])('that has %s', (_, given, message) => {
    // As a site that is never type-checked would write it.
    const declare = () =>
      defineBasetype({ name: 'deed', title: 'Deed', ...given } as Parameters<typeof defineBasetype>[0])
    expect(declare).toThrow(expect.objectContaining({ code: 'BASETYPE_INVALID' }))
    expect(declare).toThrow(message)
  })
})

describe('a plugin is refused', () => {
  test('when one it requires is missing, with a guess at the one that was meant', () => {
    expect(problem({ name: 'shop', requires: ['user'] }, { name: 'users' })).toMatchObject({
      code: 'PLUGIN_MISSING',
      message: "plugin 'shop' requires plugin 'user', which is not in djet.config.ts. Did you mean 'users'?",
    })
    expect(problem({ name: 'shop', requires: ['jobmachine'] }).message).toMatch(/Add it to `plugins`\.$/)
  })

  test('when plugins require each other in a circle, which is named', () => {
    expect(
      problem({ name: 'a', requires: ['b'] }, { name: 'b', requires: ['c'] }, { name: 'c', requires: ['b'] }),
    ).toMatchObject({
      code: 'PLUGIN_CYCLE',
      message: 'plugins require each other in a circle: b -> c -> b.',
    })
  })

  test('when it stands twice', () => {
    expect(problem({ name: 'shop' }, { name: 'shop' })).toMatchObject({
      code: 'PLUGIN_TWICE',
      message: "plugin 'shop' stands twice in djet.config.ts. Remove one.",
    })
  })

  test.each(['Shop', 'my shop', 'core', 'site', '../up', ''])('when its name is %j', (name) => {
    expect(problem({ name }).code).toBe('PLUGIN_NAME_INVALID')
  })

  test('when it has a key that means nothing', () => {
    expect(problem({ name: 'shop', basetype: [] } as Plugin)).toMatchObject({
      code: 'PLUGIN_KEY_UNKNOWN',
      message: expect.stringContaining("Did you mean 'basetypes'?"),
    })
  })

  test('when it contributes to an extension point whose plugin is not there', () => {
    expect(problem({ name: 'shop', greetings: ['hi'] })).toMatchObject({
      code: 'PLUGIN_KEY_UNKNOWN',
      message: expect.stringContaining("plugin 'shop' has 'greetings'"),
    })
  })

  test('when it brings a basetype or an engine that is there already', () => {
    const note = defineBasetype({ name: 'note', title: 'Note' })
    expect(problem({ name: 'a', basetypes: [note] }, { name: 'b', basetypes: [note] })).toMatchObject({
      code: 'BASETYPE_TWICE',
      message: "plugin 'b' brings basetype 'note', which 'a' brings already.",
    })
    const page = defineBasetype({ name: 'page', title: 'My page' })
    expect(problem({ name: 'a', basetypes: [page] }).message).toContain("which 'core' brings already")
    expect(problem({ name: 'a', engines: { default: engine } }).code).toBe('ENGINE_TWICE')
  })
})

describe('a basetype is refused', () => {
  test('when no plugin provides its engine', () => {
    const post = defineBasetype({ name: 'post', title: 'Post', engine: 'blog.pots' })
    expect(problem({ name: 'blog', basetypes: [post], engines: { 'blog.post': engine } })).toMatchObject({
      code: 'BASETYPE_ENGINE_UNKNOWN',
      message:
        "basetype 'post' (plugin 'blog') names engine 'blog.pots', which no plugin provides. Did you mean 'blog.post'?",
    })
  })

  test.each(['parents', 'children'] as const)('when its %s name a type that is not there', (list) => {
    const post = defineBasetype({ name: 'post', title: 'Post', [list]: ['pages'] })
    expect(problem({ name: 'blog', basetypes: [post] })).toMatchObject({
      code: 'BASETYPE_UNKNOWN',
      message: expect.stringMatching(
        new RegExp(`names 'pages' among its ${list}, which no plugin provides. Did you mean 'page'\\?$`),
      ),
    })
  })
})

describe('an extension point', () => {
  const registry = createRegistry([
    { name: 'late', requires: ['early'], greetings: ['c'] },
    { name: 'silent', requires: ['host'] },
    { name: 'early', requires: ['host'], greetings: ['a', 'b'] },
    { name: 'host', extensionPoints: ['greetings'] },
  ])

  test('collects what plugins give, in the order of what they require', () => {
    const given = registry.contributions('greetings')
    expect(given.map(({ plugin, value }) => [plugin.name, value])).toEqual([
      ['early', ['a', 'b']],
      ['late', ['c']],
    ])
  })

  test('is typed by the plugin that declares it', () => {
    const given = registry.contributions('greetings')
    expectTypeOf(given).toEqualTypeOf<{ plugin: Plugin; value: readonly string[] }[]>()
    // @ts-expect-error no plugin declares it
    expect(registry.contributions('greeting')).toEqual([])
  })
})
