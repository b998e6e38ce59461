import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { defineBasetype, definePlugin, field } from '../../core/index.ts'
import { addUser, changePassword, users } from '../../plugins/users/index.ts'
import { createTestSite, type TestSite } from '../site.ts'
import type { Visitor } from '../visitor.ts'

const PASSWORD = 'quiet-river-5'

const recipe = defineBasetype({
  name: 'recipe',
  title: 'Recipe',
  acl: { editor: ['view', 'edit'], chief: ['view', 'edit', 'publish'] },
  fields: { text: field.text(), minutes: field.int(), vegan: field.boolean(), extra: field.structured() },
})
const kitchen = definePlugin(() => ({ name: 'kitchen', basetypes: [recipe] }))

let site: TestSite
let [ann, bob, guest]: Visitor[] = []

beforeAll(async () => {
  site = await createTestSite({
    plugins: [users(), kitchen()],
    config: { timeZone: 'Europe/Copenhagen' },
  })
  await changePassword(site.djet, { login: 'admin', password: PASSWORD })
  await addUser(site.djet, { login: 'ann', password: PASSWORD, roles: ['chief'] })
  await addUser(site.djet, { login: 'bob', password: PASSWORD, roles: ['editor'] })
  ann = await (await site.visitor()).login('ann', PASSWORD)
  bob = await (await site.visitor()).login('bob', PASSWORD)
  guest = await site.visitor()
}, 60_000)
afterAll(() => site?.close())

let n = 0
async function make() {
  n++
  return site.djet.nodes.insert('/', {
    basetype: recipe,
    name: `Soup ${n}`,
    data: { text: 'Boil water.', minutes: 10, vegan: true },
  })
}
const typed = { name: 'Soup', title: 'Soup', text: 'Boil water.', minutes: '10', vegan: 'on', extra: '' }

describe('two at the same page', () => {
  test('the second is told and shown both; what only the first changed is taken over', async () => {
    const { id, path, name } = await make()
    const first = await ann!.post(`${path}/-/edit`, {
      ...typed,
      name,
      title: name,
      version: '1',
      text: 'Boil milk.',
      minutes: '20',
      vegan: '',
      do: 'publish',
    })
    expect(first.status).toBe(303)
    const second = await ann!.post(`${path}/-/edit`, {
      ...typed,
      name,
      title: 'Good soup',
      version: '1',
      text: 'Boil wine.',
      do: 'publish',
    })
    expect(second.status).toBe(409)
    expect(second.text).toContain('Changed in the meantime')
    expect(second.text).toContain('<strong>ann</strong> saved this page')
    expect(second.text).toContain('<strong>Minutes, Vegan</strong>')
    expect(second.text).toContain('<del>milk</del><ins>wine</ins>')
    expect(second.text).toContain('\nBoil wine.</textarea>')
    expect(second.text).toMatch(/name="minutes"[^>]*value="20"/)
    expect(second.text).not.toMatch(/name="vegan"[^>]*checked/)
    expect(second.text).toContain('name="version" value="2"')
    expect((await site.djet.nodes.require(id, recipe)).data).toMatchObject({ text: 'Boil milk.' })
    const again = await ann!.post(`${path}/-/edit`, {
      ...typed,
      name,
      title: 'Good soup',
      version: '2',
      text: 'Boil wine.',
      minutes: '20',
      do: 'publish',
    })
    expect(again.status).toBe(303)
    expect((await site.djet.nodes.require(id, recipe)).data).toMatchObject({
      text: 'Boil wine.',
      minutes: 20,
    })
  })

  test('the second is told again when a third was faster, and programs get both states', async () => {
    const { path, name, id } = await make()
    for (const text of ['A', 'B']) await site.djet.nodes.update(id, { data: { text } })
    const answer = await ann!.post(`${path}/-/edit`, { ...typed, name, version: '2', text: 'C' })
    expect(answer.status).toBe(409)
    expect(answer.text).toContain('name="version" value="3"')
    const json = await ann!.post(
      `${path}/-/edit`,
      { ...typed, name, version: '2', text: 'C' },
      { headers: { accept: 'application/json' } },
    )
    expect(json.status).toBe(409)
    expect(json.json()).toMatchObject({
      error: { code: 'NODE_CHANGED', details: { current: { version: '3' } } },
    })
  })

  test('two versions of a draft meet in the same way', async () => {
    const { path, name } = await make()
    await bob!.post(`${path}/-/edit`, { ...typed, name, version: '1', text: 'One' })
    const second = await ann!.post(`${path}/-/edit`, {
      ...typed,
      name,
      version: '1',
      text: 'Two',
      do: 'draft',
    })
    expect(second.status).toBe(409)
    expect(second.text).toContain('name="version" value="1.1"')
    expect(second.text).toContain('<strong>bob</strong>')
  })
})

describe('draft, publish, unpublish, schedule', () => {
  test('an editor saves drafts, which the chief sees, changes and publishes', async () => {
    const { path, name } = await make()
    const form = (await bob!.get(`${path}/-/edit`)).text
    expect(form).toContain('value="draft">Save draft</button>')
    expect(form).not.toContain('/-/unpublish')
    await bob!.post(`${path}/-/edit`, { ...typed, name, version: '1', text: 'Drafted.' })
    expect((await guest!.get(path)).text).toContain('Boil water.')
    const opened = (await ann!.get(`${path}/-/edit`)).text
    expect(opened).toContain('You are working on draft 1.1 of bob.')
    expect(opened).toContain('\nDrafted.</textarea>')
    expect(opened).toContain('value="publish">Save and publish</button>')
    const saved = await ann!.post(`${path}/-/edit`, {
      ...typed,
      name,
      version: '1.1',
      text: 'Better.',
      do: 'publish',
    })
    expect(saved.status).toBe(303)
    expect((await guest!.get(path)).text).toContain('Better.')
    expect((await ann!.get(`${path}/-/edit`)).text).not.toContain('You are working on draft')
  })

  test('buttons publish, unpublish and discard', async () => {
    const { path, name } = await make()
    expect((await ann!.post(`${path}/-/unpublish`, {})).location).toBe(`${path}/-/edit`)
    expect((await guest!.get(path)).status).toBe(404)
    expect((await bob!.post(`${path}/-/publish`, {})).status).toBe(403)
    await ann!.post(`${path}/-/edit`, { ...typed, name, version: '2', text: 'Hidden.', do: 'save' })
    expect((await guest!.get(path)).status).toBe(404)
    await ann!.post(`${path}/-/edit`, { ...typed, name, version: '3', text: 'Shown.', do: 'publish' })
    expect((await guest!.get(path)).text).toContain('Shown.')
    await ann!.post(`${path}/-/edit`, { ...typed, name, version: '5', text: 'Drafted.', do: 'draft' })
    await ann!.post(`${path}/-/discard-draft`, {})
    expect((await ann!.get(`${path}/-/edit`)).text).toContain('\nShown.</textarea>')
    await bob!.post(`${path}/-/edit`, { ...typed, name, version: '5', text: 'Drafted again.' })
    await ann!.post(`${path}/-/publish`, {})
    expect((await guest!.get(path)).text).toContain('Drafted again.')
    expect((await guest!.post(`${path}/-/publish`, {})).location).toMatch(/^\/login/)
  })

  test('publishing a draft over another change is asked first', async () => {
    const { path, name, id } = await make()
    await bob!.post(`${path}/-/edit`, { ...typed, name, version: '1', text: 'Draft.' })
    await site.djet.nodes.update(id, { data: { text: 'By code.' } })
    const refused = await ann!.post(`${path}/-/publish`, {})
    expect(refused.status).toBe(409)
    expect(refused.text).toContain('Publish the draft all the same')
    await ann!.post(`${path}/-/publish`, { over: '1' })
    expect((await guest!.get(path)).text).toContain('Draft.')
  })

  test('times are set by the clocks of the site, wrong ones refused', async () => {
    const { path, id } = await make()
    const set = await ann!.post(`${path}/-/schedule`, { publishAt: '', unpublishAt: '2031-05-01T10:30' })
    expect(set.status).toBe(303)
    expect((await site.djet.nodes.publishState(id)).unpublishAt).toEqual(new Date('2031-05-01T08:30:00Z'))
    const form = (await ann!.get(`${path}/-/edit`)).text
    expect(form).toContain('value="2031-05-01T10:30"')
    expect(form).toContain('Unpublish at (Europe/Copenhagen)')
    // 30 March 2031: from 02:00 to 03:00.
    for (const publishAt of ['tomorrow', '2031-02-31', '2032-05-01T10:30', '2031-03-30T02:30']) {
      const typed = { publishAt, unpublishAt: '2031-05-02T10:30' }
      const { status, text } = await ann!.post(`${path}/-/schedule`, typed)
      expect(status, publishAt).toBe(422)
      for (const kept of [...Object.values(typed), 'class="field-error"']) expect(text).toContain(kept)
      expect((await site.djet.nodes.publishState(id)).publishAt).toBeNull()
    }
    expect((await bob!.post(`${path}/-/schedule`, { publishAt: '' })).status).toBe(403)
    // 26 October 2031, 02:30 comes twice: the first one, unless the second was set before.
    const at = async () => (await site.djet.nodes.publishState(id)).unpublishAt?.toISOString()
    await ann!.post(`${path}/-/schedule`, { publishAt: '', unpublishAt: '2031-10-26T02:30' })
    expect(await at()).toBe('2031-10-26T00:30:00.000Z')
    await site.djet.nodes.schedule(id, { unpublishAt: new Date('2031-10-26T01:30:09Z') })
    await ann!.post(`${path}/-/schedule`, { publishAt: '', unpublishAt: '2031-10-26T02:30' })
    expect(await at()).toBe('2031-10-26T01:30:09.000Z')
  })

  test('the root cannot be unpublished', async () => {
    const root = (await (await (await site.visitor()).login('admin', PASSWORD)).get('/-/edit')).text
    expect(root).not.toContain('Unpublish')
  })
})
