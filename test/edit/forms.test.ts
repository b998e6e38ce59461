import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Visitor } from '../visitor.ts'
import { type Kitchen, openKitchen, PASSWORD, recipe } from './kitchen.ts'

let it: Kitchen
let admin: Visitor
let cook: Visitor
let guest: Visitor

beforeAll(async () => {
  it = await openKitchen()
  admin = await (await it.site.visitor()).login('admin', PASSWORD)
  cook = await (await it.site.visitor()).login('carla', PASSWORD)
  guest = await it.site.visitor()
}, 60_000)
afterAll(() => it?.close())

const dataOf = async (path: string) => (await it.site.djet.nodes.require(path, recipe)).data
const form = (more: Record<string, string> = {}) => ({ name: 'Bread', ...more })
/** As a browser sends a form of this site. */
const fromPage = () => ({ headers: { 'sec-fetch-site': 'same-origin' } })
/** Names and values of the inputs that a page has, as far as tests look at them. */
const has = (html: string, name: string, value: string) =>
  new RegExp(`name="${name.replaceAll('.', '\\.')}"[^>]* value="${value}"`).test(html)

describe('rows of a list', () => {
  const rows = { 'ingredients.rows': 'rows', 'ingredients.0': 'row', 'ingredients.0.what': 'Flour' }

  test('are added, moved and removed by buttons without scripts, and nothing is saved', async () => {
    const added = await cook.post('/recipes/bread/-/edit', form({ ...rows, do: 'rows ingredients add' }))
    expect(added.status).toBe(200)
    expect(has(added.text, 'ingredients.0.what', 'Flour')).toBe(true)
    expect(has(added.text, 'ingredients.1.what', '')).toBe(true)
    const two = { ...rows, 'ingredients.1': 'row', 'ingredients.1.what': 'Salt' }
    const moved = await cook.post('/recipes/bread/-/edit', form({ ...two, do: 'rows ingredients up 1' }))
    expect(has(moved.text, 'ingredients.0.what', 'Salt')).toBe(true)
    const left = await cook.post('/recipes/bread/-/edit', form({ ...two, do: 'rows ingredients remove 0' }))
    expect(has(left.text, 'ingredients.0.what', 'Salt')).toBe(true)
    expect(left.text).not.toContain('name="ingredients.1"')
    expect((await dataOf('/recipes/bread')).ingredients).toBeUndefined()
  })

  test('are checked cell by cell, by the same rules for pages and programs', async () => {
    const wrong = { ...rows, 'ingredients.1': 'row', 'ingredients.1.grams': 'many', 'hours.rows': 'rows' }
    const hours = { 'hours.0': 'row', 'hours.0.day': 'Mon', 'hours.0.from': '30' }
    const answer = await cook.post('/recipes/bread/-/edit', form({ ...wrong, ...hours }))
    expect(answer.status).toBe(422)
    expect(answer.text).toContain(
      '<a href="#field-ingredients-1-what">Ingredients, row 2, What</a> must be filled in',
    )
    expect(answer.text).toContain('<a href="#field-hours-0-from">Opening hours, row 1, From</a> ')
    expect(answer.text).toContain('id="field-ingredients-1-grams-error"')
    expect(has(answer.text, 'ingredients.1.grams', 'many')).toBe(true)

    const data = { ingredients: [{ what: 'Flour' }, { grams: 0, recipe: 1 }] }
    await expect(it.site.djet.nodes.update('/recipes/bread', { data })).rejects.toMatchObject({
      code: 'FIELD_INVALID',
      fields: { 'ingredients.1.what': 'must be filled in', 'ingredients.1.grams': 'must be at least 1' },
    })
    const wrongPage = { ingredients: [{ what: 'Flour', recipe: 1 }] }
    await expect(it.site.djet.nodes.update('/recipes/bread', { data: wrongPage })).rejects.toMatchObject({
      fields: { 'ingredients.0.recipe': expect.stringContaining('must be a node of type recipe') },
    })
  })

  test('are saved without the empty ones, and shown', async () => {
    const typed = {
      ...rows,
      'ingredients.0.recipe': '/recipes/soup',
      'ingredients.1': 'row',
      'ingredients.1.what': ' ',
    }
    const more = {
      'hours.rows': 'rows',
      'hours.0': 'row',
      'hours.0.day': 'Tue',
      'hours.0.from': '9',
      suits: 'gf',
    }
    const answer = await cook.post('/recipes/bread/-/edit', form({ ...typed, ...more }))
    expect(answer.status).toBe(303)
    const soup = await it.site.djet.nodes.require('/recipes/soup')
    expect(await dataOf('/recipes/bread')).toMatchObject({
      ingredients: [{ what: 'Flour', optional: false, recipe: soup.id }],
      hours: [{ day: 'Tue', from: 9 }],
      suits: ['gf'],
    })
    const { text } = await cook.get('/recipes/bread')
    expect(text).toMatch(/<th scope="col">Made by<\/th>/)
    expect(text).toContain('<a href="/recipes/soup">Soup</a>')
  })
})

test('a page is named by its path; what is not there, or not to be seen, is said', async () => {
  const gone = await cook.post('/recipes/bread/-/edit', form({ goesWith: '/cellar' }))
  expect(gone.status).toBe(422)
  expect(gone.text).toContain('names /cellar, where you see no page')
  expect(has(gone.text, 'goesWith', '/cellar')).toBe(true)
  const find = (visitor: Visitor, query: string) =>
    visitor.get(`/-/find?${query}`, { accept: 'application/json' })
  const found = (await find(cook, 'q=so&types=recipe')).json<{ items: { path: string }[] }>()
  expect(found.items.map(({ path }) => path)).toEqual(['/recipes/soup'])
  expect((await find(cook, 'q=/c')).json()).toEqual({ items: [] })
  expect((await find(admin, 'q=/c')).json()).toMatchObject({ items: [{ path: '/cellar' }] })
  expect((await find(guest, 'q=so')).status).toBe(401)
})

test('fields of a form of its own are shown and checked like those of a node', async () => {
  expect(has((await cook.get('/recipes/bread/swap')).text, 'guests', '4')).toBe(true)
  const swap = (values: Record<string, string>) => cook.post('/recipes/bread/swap', values)
  const { id } = await it.site.djet.nodes.require('/recipes/soup')
  expect((await swap({ with: '/recipes/soup', guests: '2' })).json()).toEqual({ with: id, guests: 2 })
  const other = await swap({ with: '/recipes', guests: '2' })
  expect([other.status, has(other.text, 'with', '/recipes')]).toEqual([422, true])
  expect(other.text).toContain('must be a node of type recipe')
  const headers = { accept: 'application/json' }
  const told = await cook.post('/recipes/bread/swap', { with: '/cellar', guests: 'x' }, { headers })
  const fields = { with: 'names /cellar, where you see no page', guests: 'must be a whole number such as 42' }
  expect([told.status, told.json()]).toMatchObject([422, { error: { code: 'FORM_INVALID', fields } }])
})

describe('what was typed', () => {
  test('comes back when the form has expired, with a new token, but not to another site', async () => {
    const typed = form({ _csrf: 'old', notes: 'precious' })
    const answer = await cook.post('/recipes/bread/-/edit', typed, fromPage())
    expect(answer.status).toBe(403)
    expect(answer.text).toContain('This form had expired.')
    expect(answer.text).toContain('precious</textarea>')
    expect(answer.text).toContain(`name="_csrf" value="${await cook.token()}"`)
    expect((await dataOf('/recipes/bread')).notes).toBeUndefined()
    const strange = await cook.post('/recipes/bread/-/edit', typed, {
      headers: { 'sec-fetch-site': 'cross-site' },
    })
    expect([strange.status, strange.text.includes('precious')]).toEqual([403, false])
  })

  test('comes back after a login when the session has ended, whatever the page', async () => {
    for (const path of ['/recipes/bread/-/edit', '/cellar/-/edit', '/recipes/-/new/recipe']) {
      const body = new FormData()
      for (const [name, value] of Object.entries(form({ notes: 'two\nlines "q"' }))) body.set(name, value)
      const answer = await guest.post(
        path,
        path.startsWith('/cellar') ? body : form({ notes: 'two\nlines "q"' }),
        fromPage(),
      )
      expect([path, answer.status]).toEqual([path, 401])
      expect(answer.text).toContain('You are logged out')
      expect(answer.text).toMatch(/name="notes" value="two\r?\nlines &quot;q&quot;"/)
      expect(answer.headers.get('cache-control')).toBe('no-store')
    }
    // what that page sends again, once logged in
    const again = await cook.post(
      '/recipes/bread/-/edit',
      form({ _csrf: 'guest', notes: 'two lines' }),
      fromPage(),
    )
    expect(again.text).toContain('two lines</textarea>')
  })

  test('comes back when the page was put into the trash, and follows one that moved', async () => {
    const { nodes } = it.site.djet
    const soup = await nodes.insert('/recipes', { basetype: recipe, name: 'Broth' })
    await nodes.update(soup, { part: 'stock' })
    const moved = await cook.post('/recipes/broth/-/edit', form({ notes: 'precious' }), fromPage())
    expect([moved.status, moved.location]).toEqual([307, '/recipes/stock/-/edit'])
    await nodes.trash(soup)
    const typed = form({ notes: 'precious', do: 'draft' })
    const gone = await cook.post('/recipes/stock/-/edit', typed, fromPage())
    expect(gone.status).toBe(404)
    expect(gone.text).toMatch(/<textarea[^>]* name="notes"[^>]* readonly>\s*precious<\/textarea>/)
    expect(gone.text).toContain('name="do" value="draft"')
    const strange = await cook.post('/recipes/stock/-/edit', typed, {
      headers: { 'sec-fetch-site': 'cross-site' },
    })
    expect([strange.status, strange.text.includes('precious')]).toEqual([404, false])
  })

  test('is kept when it is longer than its field, and refused when it is more than the site takes', async () => {
    const long = await cook.post('/recipes/bread/-/edit', form({ method: 'x'.repeat(5_000_000) }))
    expect(long.status).toBe(422)
    expect(long.text).toContain('must be at most 5000 characters long (it has 5000000)')
    expect(long.text).toContain(`${'x'.repeat(100)}</textarea>`)
    const urlencoded = { 'content-type': 'application/x-www-form-urlencoded' }
    const huge = await cook.request(
      'POST',
      '/recipes/bread/-/edit',
      `method=${'x'.repeat(17_000_000)}`,
      urlencoded,
    )
    expect(huge.status).toBe(413)
    expect(huge.text).toContain('larger than 16 MB. Go back, where your browser still has it')
    expect((await guest.post('/login', { login: 'x'.repeat(2_000_000) })).status).toBe(413)
  })
})

test('HTML full of tricks is stored harmless', async () => {
  const tricks = [
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    '<svg/onload=alert(1)>',
    '<a href="javascript:alert(1)">x</a>',
    '<a href="jav&#x09;ascript:alert(1)">x</a>',
    '<a href=" &#14; javascript:alert(1)">x</a>',
    '<a href="data:text/html;base64,PHNjcmlwdD4=">x</a>',
    '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    '<object data="javascript:alert(1)"></object><embed src="//evil.example">',
    '<form action="//evil.example"><input name=password><button formaction="javascript:alert(1)">go</button></form>',
    '<p style="background:url(javascript:alert(1))" class="site-header" id="main">x</p>',
    '<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>',
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    '<base href="//evil.example"><meta http-equiv="refresh" content="0;url=//evil.example"><link rel=stylesheet href=//evil.example>',
    '<<script>script>alert(1)<</script>/script>',
    '<img src="x` `<script>alert(1)</script>"` `>',
    '<a href="//evil.example" target="_blank">x</a>',
    '<template><script>alert(1)</script></template><details ontoggle=alert(1) open>',
  ]
  await cook.post('/recipes/bread/-/edit', form({ method: `<p>kept</p>${tricks.join('\n')}` }))
  const { method } = await dataOf('/recipes/bread')
  expect(method).toContain('<p>kept</p>')
  expect(method).not.toMatch(
    /<\/?(script|svg|iframe|object|embed|form|input|button|style|math|base|meta|link|noscript|template|details)\b/i,
  )
  expect(method).not.toMatch(/<[^>]*\s(on\w+|style|class|id|srcdoc|formaction|target)\s*=/i)
  expect(method).not.toMatch(/(href|src)="\s*(javascript|data|jav|\/\/)/i)
})

describe('a preview', () => {
  test('shows the draft as visitors of a role will see it, and is kept by nobody', async () => {
    await it.site.djet.nodes.insert('/recipes', { basetype: recipe, name: 'Cake', status: 'draft' })
    await it.site.djet.nodes.insert('/recipes/cake', {
      basetype: recipe,
      name: 'Icing',
      acl: { everyone: [], cook: ['view'] },
    })
    await it.site.djet.nodes.saveDraft('/recipes/soup', { title: 'Soup of the day' })
    expect((await guest.get('/recipes/cake')).status).toBe(404)
    const asGuest = await cook.get('/recipes/cake/-/preview?as=guest')
    expect(asGuest.status).toBe(200)
    expect(asGuest.text).toContain('<h1>Cake</h1>')
    expect(asGuest.text).not.toContain('Icing')
    expect(asGuest.text).toContain('<aside class="preview-bar"')
    expect(asGuest.text).not.toMatch(/name="_csrf" value="[^"]/)
    expect(asGuest.text).not.toContain('Log out')
    expect(asGuest.headers.get('cache-control')).toBe('no-store')
    expect(asGuest.headers.get('x-robots-tag')).toContain('noindex')
    expect(asGuest.headers.get('content-security-policy')).toContain("form-action 'none'")
    expect((await cook.get('/recipes/cake/-/preview?as=cook')).text).toContain('Icing')
    expect((await cook.get('/recipes/soup/-/preview')).text).toContain('<h1>Soup of the day</h1>')
    expect((await cook.get('/recipes/soup')).text).not.toContain('of the day')
    const closed = await admin.get('/cellar/-/preview?as=guest')
    expect([closed.status, closed.text.includes('Not seen by these visitors')]).toEqual([200, true])
    expect((await admin.get('/cellar/-/preview?as=staff')).text).toContain('<h1>Cellar</h1>')
    expect((await admin.get('/admin/-/preview?as=staff')).text).toContain('This page leads on to /admin/tree')
  })

  test('shows nobody what he may not see himself', async () => {
    const { nodes } = it.site.djet
    await nodes.insert('/recipes/soup', {
      basetype: recipe,
      name: 'Secret',
      acl: { everyone: [], cook: [], staff: ['view'] },
    })
    const asStaff = await cook.get('/recipes/soup/-/preview?as=staff')
    expect(asStaff.text).toContain('Soup of the day')
    expect(asStaff.text).not.toContain('Secret')
    expect(asStaff.text).not.toContain('href="/cellar"')
    expect((await admin.get('/recipes/soup/-/preview?as=staff')).text).toContain('Secret')
    expect((await cook.get('/recipes/soup/-/preview?as=admin')).status).toBe(403)
    expect((await cook.get('/cellar/-/preview?as=staff')).status).toBe(403)
    expect((await guest.get('/recipes/soup/-/preview')).status).toBe(303)
    expect((await cook.post('/recipes/soup/-/preview', {})).status).toBe(404)
    expect((await cook.get('/recipes/soup/-/preview?as=a b')).status).toBe(422)
    // and leaves no trace in what others get
    expect((await guest.get('/recipes')).text).not.toContain('href="/cellar"')
    expect((await admin.get('/-/session')).json()).toMatchObject({ user: { login: 'admin' } })
  })
})
