import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openSite, page } from '../../../core/index.ts'
import { checkTypes } from '../../../test/docs/check-types.ts'
import { filesShownIn } from '../../../test/docs/example-site.ts'
import {
  basetypeLine,
  basetypeLines,
  changeType,
  createType,
  previewType,
  removeType,
  storedType,
  typeVersions,
} from '../index.ts'
import { type AdminSite, openAdminSite } from './admin-site.ts'

const REPOSITORY = resolve(import.meta.dirname, '../../..')

let it: AdminSite
beforeAll(async () => {
  it = await openAdminSite()
}, 60_000)
afterAll(() => it?.close())

const RECIPE = {
  title: 'Recipe',
  parents: ['page', 'recipe'],
  fields: [
    { name: 'intro', type: 'text', title: 'Introduction' },
    { name: 'servings', type: 'str' },
    { name: 'course', type: 'enum', options: { choices: [{ value: 'main', label: 'Main course' }] } },
    { name: 'price', type: 'price', options: { currency: 'EUR' } },
  ],
  template:
    '<p class="intro">{{ fields.intro }}</p>{% if fields.price %}{% field price %}{% endif %}{% children list price %}',
}

describe('a type made on the site', () => {
  test('is known at once, in pages, forms, lists and JSON, and draws its template', async () => {
    const { djet } = it.site
    expect(await createType(djet, { name: 'recipe', definition: RECIPE })).toMatchObject({ version: 1 })
    expect((await it.gardener.get('/garden')).text).toContain('/garden/-/new/recipe')
    const made = await it.gardener.post('/garden/-/new/recipe', {
      name: 'Soup',
      intro: 'With <b>leeks</b>',
      servings: 'four',
      course: 'main',
      price: '4.5',
    })
    expect(made.location).toBe('/garden/soup')
    const { text } = await it.reader.get('/garden/soup')
    expect(text).toContain('<p class="intro">With &lt;b&gt;leeks&lt;/b&gt;</p>')
    expect(text).toMatch(/4\.50<\/span> EUR/)
    const refused = await it.gardener.post('/garden/-/new/recipe', { name: 'Salad', course: 'starter' })
    expect([refused.status, refused.text.includes('must be one of main')]).toEqual([422, true])
    expect((await it.reader.json('/garden/soup')).data).toMatchObject({ servings: 'four', price: '4.50' })
  })

  test('is previewed with its draft, by its template, which says where it fails', async () => {
    const { djet } = it.site
    const template = `${RECIPE.template}{% if fields.intro == 'Boom' %}{% for i in (1..99999999) %}x{% endfor %}{% endif %}`
    await createType(djet, {
      name: 'tart',
      definition: { ...RECIPE, parents: null, title: 'Tart', template },
    })
    const tart = await djet.nodes.insert('/garden', {
      basetype: 'tart',
      name: 'Tart',
      data: { intro: 'Sweet' },
    })
    await djet.nodes.insert(tart, {
      basetype: 'tart',
      name: 'Crust',
      acl: { everyone: [], user: [], staff: ['view'] },
    })
    await djet.nodes.saveDraft(tart, { data: { intro: 'Sour' } })
    const preview = async (role: string) => (await it.gardener.get(`/garden/tart/-/preview?as=${role}`)).text
    expect(await preview('guest')).toContain('<p class="intro">Sour</p>')
    expect(await preview('guest')).not.toContain('Crust')
    await djet.nodes.saveDraft(tart, { data: { intro: 'Boom' } })
    const text = await preview('guest')
    expect(text).toContain('The template of its type fails here: line 1: memory alloc limit exceeded')
    expect(text).toMatch(/<h2>Introduction<\/h2>\s*<p>Boom/)
    expect((await it.reader.get('/garden/tart')).text).toContain('<p class="intro">Sweet</p>')
    await djet.nodes.delete(tart)
    await removeType(djet, 'tart')
  })

  test('has a template that is stopped in the middle of a long list as well', async () => {
    let read = 0
    const item = Object.defineProperty({}, 'x', { enumerable: true, get: () => read++ })
    const items = Array(3_000_000).fill(item)
    const drawn = it.site.app.liquid.render('{% assign all = items | map: "x" %}', { items }, {} as never)
    await expect(drawn).rejects.toMatchObject({ code: 'TEMPLATE_BROKEN' })
    expect(read).toBeGreaterThan(0)
    expect(read).toBeLessThan(items.length)
  })

  test('is renamed, retyped and made stricter with what its pages hold, their drafts and versions', async () => {
    const { djet } = it.site
    const { nodes } = djet
    const soup = await nodes.require('/garden/soup')
    await nodes.insert('/garden', {
      basetype: 'recipe',
      name: 'Stew',
      data: { servings: '6', intro: 'Slow' },
    })
    await nodes.insert('/garden', { basetype: 'recipe', name: 'Old', data: { servings: '8', intro: 'x' } })
    await nodes.trash('/garden/old')
    await nodes.update(soup, { data: { servings: '<script>4</script>' } })
    await nodes.saveDraft(soup, { data: { servings: '5' } })
    const definition = {
      ...RECIPE,
      template: '',
      fields: [
        { name: 'lead', type: 'html' },
        { name: 'servings', type: 'int', required: true },
        { name: 'course', type: 'enum', options: { choices: [{ value: 'starter', label: 'Starter' }] } },
        { name: 'season', type: 'str', required: true, default: 'any' },
      ],
    }
    const renames = { lead: 'intro' }
    const report = await previewType(djet, 'recipe', { definition, renames })
    expect(report).toMatchObject({ nodes: 3, looked: 3, byTask: false })
    const of = (name: string) => report.fields.find(({ plan }) => plan.name === name)
    expect(of('servings')).toMatchObject({
      values: 3,
      unfit: 1,
      plan: { change: 'retyped', aside: 'servings_str' },
    })
    expect(of('lead')).toMatchObject({ values: 3, unfit: 0, plan: { change: 'retyped', from: 'intro' } })
    expect(of('course')).toMatchObject({ values: 1, unfit: 1, plan: { change: 'changed' } })
    expect(of('season')).toMatchObject({ filled: 3 })
    expect(of('price')).toMatchObject({ values: 1, plan: { change: 'removed' } })
    expect(of('course')?.examples[0]).toMatchObject({
      path: '/garden/soup',
      problem: 'must be one of starter',
    })

    await changeType(djet, 'recipe', { definition, renames, ifVersion: 1, note: 'simpler' })
    expect((await nodes.require('/garden/stew')).data).toEqual({
      lead: '<p>Slow</p>',
      servings: 6,
      season: 'any',
    })
    const after = await nodes.require(soup)
    expect(after.data).toEqual({
      lead: '<p>With &lt;b&gt;leeks&lt;/b&gt;</p>',
      servings_str: '<script>4</script>',
      course: 'main',
      price: '4.50',
      season: 'any',
    })
    expect((await nodes.draftOf(soup))?.data.servings).toBe(5)
    expect((await nodes.versionOf(soup, 1)).data).toMatchObject({ servings_str: 'four', season: 'any' })
    const [trashed] = await djet.query<{ data: object }>(
      "select data from djet.node where basetype = '~recipe'",
    )
    expect(trashed?.data).toEqual({ lead: '<p>x</p>', servings: 8, season: 'any' })
    // What is no field any more is kept, and seen by editors only.
    expect((await it.reader.json('/garden/soup')).data).toEqual({
      lead: after.data.lead,
      course: 'main',
      season: 'any',
    })
    const stored = await storedType(djet, 'recipe')
    expect(stored?.definition.retired).toEqual([
      { name: 'servings_str', type: 'str' },
      { name: 'price', type: 'price' },
    ])
    // Somebody had opened the form before: what he typed into a field that is gone is not lost without a word.
    const late = await it.gardener.post('/garden/stew/-/edit', {
      ...{
        name: 'Stew',
        'type-version': '1',
        servings: '6',
        intro: 'Slow and low',
        season: 'any',
        course: 'starter',
      },
    })
    expect([late.status, late.text.includes('no longer has: intro: Slow and low')]).toEqual([422, true])
    await expect(changeType(djet, 'recipe', { definition, ifVersion: 1 })).rejects.toMatchObject({
      code: 'TYPE_CHANGED',
      status: 409,
    })

    // Restored: the field comes back with its values.
    const [, first] = await typeVersions(djet, 'recipe')
    const fields = [...definition.fields, ...first!.definition.fields.filter(({ name }) => name === 'price')]
    await changeType(djet, 'recipe', { definition: { ...definition, fields } })
    expect((await it.reader.json('/garden/soup')).data).toMatchObject({ price: '4.50' })
    expect((await storedType(djet, 'recipe'))?.definition.retired).toEqual([
      { name: 'servings_str', type: 'str' },
    ])
    const audit = (await it.boss.get('/admin/audit?action=basetype.change')).text
    expect(audit).toContain('recipe')
  })

  test('swaps two fields and never shows what an earlier field of another type left behind', async () => {
    const { djet } = it.site
    const { nodes } = djet
    const fields = [
      { name: 'a', type: 'str' },
      { name: 'b', type: 'str' },
    ]
    await createType(djet, { name: 'pair', definition: { title: 'Pair', fields } })
    const node = await nodes.insert('/', { basetype: 'pair', name: 'Pair', data: { a: '<i>1</i>', b: '2' } })
    await changeType(djet, 'pair', { definition: { title: 'Pair', fields }, renames: { a: 'b', b: 'a' } })
    expect((await nodes.require(node)).data).toEqual({ a: '2', b: '<i>1</i>' })
    await changeType(djet, 'pair', { definition: { title: 'Pair', fields: [fields[0]] } })
    await changeType(djet, 'pair', {
      definition: { title: 'Pair', fields: [fields[0], { name: 'b', type: 'html' }] },
    })
    expect((await nodes.require(node)).data.b).toBe('<p>&lt;i&gt;1&lt;/i&gt;</p>')
    await nodes.delete(node)
    await removeType(djet, 'pair')
  })

  test('is refused with a message at each place', async () => {
    const { djet } = it.site
    const wrong = (definition: object, name = 'thing') =>
      createType(djet, { name, definition: { title: 'T', ...definition } })
    const fields = (...fields: object[]) => wrong({ fields })
    const refused = (promise: Promise<unknown>, place: string, message: string | RegExp) =>
      expect(promise).rejects.toMatchObject({ fields: { [place]: expect.stringMatching(message) } })
    await refused(wrong({}, 'Thing!'), 'name', 'small letter')
    await refused(wrong({}, 'new'), 'name', 'means something else')
    await refused(wrong({}, 'recipe'), 'name', 'made on this site already')
    await refused(wrong({}, 'user'), 'name', 'the plugin users brings it')
    await refused(wrong({ title: ' ' }), 'title', 'filled in')
    await refused(fields({ name: 'path', type: 'str' }), 'fields.0.name', 'every page has')
    await refused(fields({ name: 'constructor', type: 'str' }), 'fields.0.name', 'every page has')
    await refused(
      fields({ name: 'a', type: 'str' }, { name: 'a', type: 'int' }),
      'fields.1.name',
      'field above',
    )
    await refused(fields({ name: 'a', type: 'protected' }), 'fields.0.type', 'no type of field')
    await refused(
      fields({ name: 'a', type: 'int', options: { mim: 1 } }),
      'fields.0.options.mim',
      "Did you mean 'min'",
    )
    await refused(
      fields({ name: 'a', type: 'int', options: { min: 5, max: 1 } }),
      'fields.0.options.max',
      'smaller',
    )
    await refused(fields({ name: 'a', type: 'int', default: 'x' }), 'fields.0.default', 'whole number')
    const odd = { name: 'a', type: 'price', options: { min: '1.234' } }
    await refused(fields(odd), 'fields.0.type', 'at most 2 digits')
    await refused(fields({ name: 'a', type: 'enum' }), 'fields.0.options.choices', 'at least one')
    await refused(
      wrong({ fields: Array.from({ length: 101 }, (_, n) => ({ name: `f${n}`, type: 'str' })) }),
      'fields',
      'at most 60',
    )
    await refused(wrong({ parents: ['recipes'] }), 'parents', "Did you mean 'recipe'")
    await refused(wrong({ parents: ['thing'] }), 'parents', 'stand nowhere')
    await refused(wrong({ parents: ['admin'] }), 'parents', 'takes only nothing')
    await refused(wrong({ max: 0 }), 'max', 'whole number')
    await refused(wrong({ template: 'a\n{% if %}' }), 'template', 'line 2')
    await refused(wrong({ template: '{{ fields.nothing }}' }), 'template', 'undefined variable')
    await refused(
      wrong({ template: '{% for i in (1..99999) %}{% for j in (1..9999) %}x{% endfor %}{% endfor %}' }),
      'template',
      'limit',
    )
    await refused(wrong({ template: '{% include "layout.eta" %}' }), 'template', 'not found')
  })

  test('stays while pages have it, be they in the trash, and while others name it', async () => {
    const { djet } = it.site
    await expect(removeType(djet, 'recipe')).rejects.toMatchObject({ code: 'BASETYPE_IN_USE', status: 409 })
    await createType(djet, { name: 'step', definition: { title: 'Step', max: 1 } })
    const parents = ['step']
    await createType(djet, { name: 'tip', definition: { title: 'Tip', parents } })
    await expect(removeType(djet, 'step')).rejects.toThrow('Tip (tip) names')
    const step = await djet.nodes.insert('/garden', { basetype: 'step', name: 'First' })
    expect((await it.gardener.get('/garden')).text).not.toContain('/-/new/step')
    await removeType(djet, 'tip')
    const { id } = await djet.nodes.trash(step)
    await expect(removeType(djet, 'step')).rejects.toThrow('in the trash')
    await djet.nodes.purgeTrash(id)
    await removeType(djet, 'step')
    expect(djet.app.basetypes.has('step')).toBe(false)
    await expect(djet.nodes.insert('/', { basetype: 'step', name: 'X' })).rejects.toMatchObject({
      code: 'BASETYPE_UNKNOWN',
    })
    expect((await createType(djet, { name: 'step', definition: { title: 'Step' } })).version).toBe(2)
    await removeType(djet, 'step')
  })

  test('what a process writes by rules it does not know yet are old is refused', async () => {
    const { djet } = it.site
    const change = `update djet.basetype set version = version + 1 where name = 'recipe'`
    // In one transaction, so that nobody is told before it has been tried.
    await expect(
      djet.transaction(async (djet) => {
        await djet.query(change)
        await djet.nodes.insert('/garden', { basetype: 'recipe', name: 'Late', data: { servings: 1 } })
      }),
    ).rejects.toMatchObject({ code: 'BASETYPE_CHANGED', status: 409 })
    await djet.query(change)
    await expect.poll(() => djet.app.basetypes.get('recipe')?.onSite?.version).toBe(4)
    await djet.nodes.insert('/garden', { basetype: page, name: 'Later' })
  })
})

describe('a type as a plugin', () => {
  let dir: string
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'djet-type-'))
    await mkdir(join(dir, 'node_modules', '@types'), { recursive: true })
    await symlink(REPOSITORY, join(dir, 'node_modules', 'djet'))
    await symlink(join(REPOSITORY, 'node_modules/@types/node'), join(dir, 'node_modules/@types/node'))
    await writeFile(join(dir, 'package.json'), '{ "type": "module" }')
    await writeFile(
      join(dir, 'djet.config.ts'),
      `import { defineConfig } from 'djet'
       import { users } from 'djet/plugins/users'
       import { dishPlugin } from './plugins/dish.ts'
       export default defineConfig({ plugins: [users(), dishPlugin()], port: 0, log: { level: 'silent', file: '-' } })`,
    )
  })
  afterAll(() => rm(dir, { recursive: true, force: true }))

  test('is complete and typed, says the same, and takes the type over with its pages', {
    timeout: 90_000,
  }, async () => {
    const { djet, databaseUrl } = it.site
    await createType(djet, { name: 'menu-card', definition: { title: 'Menu' } })
    const options = { choices: [{ value: 'a-b', label: `It's "good" \\ ok` }] }
    const definition = {
      title: "Chef's dish",
      parents: ['menu-card', 'page'],
      max: 9,
      menu: false,
      childOrder: 'newest',
      template: `<p class="x">\`\${1}\` \\ {{ fields.sum | amount }}</p>\n{% field kind %}`,
      fields: [
        {
          name: 'kind',
          type: 'enum',
          required: true,
          default: 'a-b',
          title: 'Kind',
          help: 'Or "not"',
          options,
        },
        { name: 'suits', type: 'choices', options },
        { name: 'sum', type: 'price', default: 2, options: { currency: 'EUR', min: '1', scale: 3 } },
        { name: 'day', type: 'date', options: { min: '2026-01-01' } },
        { name: 'hot', type: 'boolean', default: 'true', searchable: true },
        { name: 'by', type: 'node', options: { basetypes: ['page'] } },
        { name: 'card', type: 'file', options: { accept: ['.pdf'], maxSize: 1048576 } },
      ],
    }
    await createType(djet, { name: 'dish', definition })
    const dish = await djet.nodes.insert('/garden', { basetype: 'dish', name: 'Pie', data: { hot: false } })
    const answer = await it.boss.get('/admin/basetypes/dish/plugin.ts')
    expect(answer.headers.get('content-disposition')).toContain('dish.ts')
    await mkdir(join(dir, 'plugins'))
    await writeFile(join(dir, 'plugins/dish.ts'), answer.text)
    const tsconfig = (await filesShownIn('docs/configuration.md')).get('tsconfig.json')
    expect(await checkTypes(dir, tsconfig)).toBe('')

    const app = await openSite(dir, { databaseUrl, poolSize: 3 })
    try {
      await app.prepare()
      expect([app.origin.get('dish'), app.origin.get('menu-card')]).toEqual(['dish-type', 'dish-type'])
      const line = await basetypeLine(app.scope(), 'dish')
      expect(line).toMatchObject({ plugin: 'dish-type', isTakenOver: true, nodes: 1 })
      expect(line?.drift).toEqual({ fields: [], missing: [], takenOver: [], broken: null })
      await app.scope().nodes.update(dish, { data: { sum: '3' } })
      expect((await app.scope().nodes.require(dish)).data).toEqual({ kind: 'a-b', sum: '3.000', hot: false })
      await expect(changeType(app.scope(), 'dish', { definition })).rejects.toMatchObject({
        code: 'BASETYPE_TAKEN_OVER',
      })
      // The site that does not have the plugin goes on with its own, and what it changes is drift where the plugin is.
      await changeType(djet, 'dish', { definition: { ...definition, title: 'Dish', max: null } })
      await app.reloadBasetypes()
      expect((await basetypeLine(app.scope(), 'dish'))?.drift.takenOver).toEqual([
        { place: 'title', before: 'Dish', after: "Chef's dish" },
        { place: 'max', before: '–', after: '9' },
      ])
    } finally {
      await app.stop()
    }
    expect((await storedType(djet, 'dish'))?.takenOver).toBe('dish-type')
  })
})

describe('the pages of types', () => {
  test('are for administrators', async () => {
    expect((await it.gardener.get('/admin/basetypes')).text).not.toContain('/admin/basetypes/new')
    for (const path of ['new', 'recipe', 'recipe/edit', 'recipe/plugin.ts'])
      expect((await it.gardener.get(`/admin/basetypes/${path}`)).status, path).toBe(403)
    for (const path of ['new', 'recipe/edit', 'recipe/change', 'recipe/delete'])
      expect((await it.gardener.post(`/admin/basetypes/${path}`, { do: 'save' })).status, path).toBe(403)
    const { gardener } = {
      gardener: it.site.app.scope({ user: { id: 0, login: 'g', name: 'G', roles: ['staff'] } as never }),
    }
    await expect(createType(gardener, { name: 'x', definition: {} })).rejects.toMatchObject({ status: 403 })
  })

  test('make, change and show a type without JavaScript; a failed form keeps what was typed', async () => {
    const row = { row: '1', 'f1-name': 'name', 'f1-type': 'int', 'f1-min': 'many', 'f1-was': '' }
    const form = { name: 'tool', title: 'Tool', menu: 'on', ...row }
    const added = await it.boss.post('/admin/basetypes/new', { ...form, do: 'add', 'add-type': 'enum' })
    expect(added.text).toContain('name="f2-choices"')
    expect(added.text).toContain('value="many"')
    const failed = await it.boss.post('/admin/basetypes/new', { ...form, do: 'save' })
    expect(failed.status).toBe(422)
    expect(failed.text).toContain('href="#f1-name"')
    expect(failed.text).toContain('value="many"')
    const good = { ...form, 'f1-name': 'weight', 'f1-min': '1' }
    expect((await it.boss.post('/admin/basetypes/new', { ...good, do: 'save' })).location).toBe(
      '/admin/basetypes/tool',
    )
    const { text } = await it.boss.get('/admin/basetypes/tool')
    expect(text).toContain('weight')
    const changed = { ...good, began: '1', 'f1-was': 'weight', 'f1-name': 'mass' }
    const preview = await it.boss.post('/admin/basetypes/tool/edit', { ...changed, do: 'preview' })
    expect([preview.status, preview.text.includes('weight → mass')]).toEqual([200, true])
    expect((await it.boss.post('/admin/basetypes/tool/change', { ...changed, do: 'change' })).location).toBe(
      '/admin/basetypes/tool',
    )
    const late = await it.boss.post('/admin/basetypes/tool/change', {
      ...changed,
      title: 'Tools',
      do: 'change',
    })
    expect([late.status, late.text.includes('Changed in the meantime')]).toEqual([409, true])
    expect(late.text).toContain('value="Tools"')
    expect((await it.boss.post('/admin/basetypes/tool/delete', { began: '2' })).location).toBe(
      '/admin/basetypes',
    )
    expect((await it.boss.get('/admin/basetypes/tool')).text).toContain('was deleted')
    expect((await it.boss.get('/admin/basetypes/no-such')).status).toBe(404)
    expect((await it.boss.get('/admin/basetypes/page/edit')).status).toBe(404)
  })

  test('show what the database holds and the types do not say', async () => {
    const { djet } = it.site
    await djet.query(`update djet.node set data = data || '{"mood": "good"}' where path = '/garden/roses'`)
    const lines = await basetypeLines(djet)
    const drift = (name: string) => lines.find((line) => line.name === name)?.drift
    expect(drift('page')?.fields).toEqual([{ name: 'mood', nodes: 1 }])
    expect(drift('recipe')?.fields).toEqual([])
    expect((await it.boss.get('/admin/basetypes/page')).text).toContain('<code>mood</code>')
  })
})
