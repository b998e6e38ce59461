import { afterAll, beforeAll, expect, test } from 'vitest'
import { migrateDown, migrateUp } from '../../core/db/migrate.ts'
import { authenticate } from '../../core/index.ts'
import { featuresOf, prepareSite } from '../../core/prepare.ts'
import { addUser, setEnabled, users } from '../../plugins/users/index.ts'
import { createTestSite, type TestSite } from '../site.ts'

let site: TestSite
beforeAll(async () => {
  site = await createTestSite({ plugins: [users()] })
})
afterAll(() => site.close())

test('a site of before keeps its users, and gets the account page and the guard', async () => {
  const { app, djet } = site
  await addUser(djet, { login: 'nancy', password: 'quiet-river-5', roles: ['admin'] })
  await addUser(djet, { login: 'invited', email: 'invited@example.com' })
  const features = featuresOf(app)
  const down = await migrateDown(app.database, features, { steps: 4, plugin: 'users' }, app.log)
  expect(down.map(({ name }) => name)).toEqual([
    '0006_version',
    '0005_language',
    '0003_guard_email',
    '0002_security',
  ])
  expect(await djet.nodes.get('/account')).toBeNull()
  await djet.query("update djet.account set enabled = false where login = 'admin'")

  await migrateUp(app.database, features, app.log)
  expect(await djet.nodes.get('/account')).toMatchObject({ basetype: 'account', name: 'Your account' })
  expect(await authenticate(djet, 'nancy', 'quiet-river-5')).toMatchObject({ roles: ['admin'] })
  await expect(setEnabled(djet, { login: 'nancy', enabled: false })).rejects.toMatchObject({
    code: 'LAST_ADMIN',
  })
  const nancy = await (await site.visitor()).login('nancy', 'quiet-river-5')
  expect((await nancy.get('/account')).status).toBe(200)
})

test('a site with a page of its own at /account gets the account page beside it', async () => {
  const { app, djet } = site
  const features = featuresOf(app)
  await migrateDown(app.database, features, { steps: 4, plugin: 'users' }, app.log)
  await djet.nodes.insert('/', { basetype: 'page', part: 'account', name: 'Our bank account' })
  await migrateUp(app.database, features, app.log)
  const nancy = await (await site.visitor()).login('nancy', 'quiet-river-5')
  expect((await nancy.get('/')).text).toContain('<a href="/my-account">nancy</a>')
  expect((await nancy.get('/my-account')).text).toContain('Where you are logged in')
})

test('a site whose users were undone altogether is seeded again, and its users find their accounts', async () => {
  const { app, djet } = site
  await migrateDown(app.database, featuresOf(app), { plugin: 'users' }, app.log)
  await prepareSite(app)
  const nancy = await (await site.visitor()).login('nancy', 'quiet-river-5')
  expect((await nancy.get('/users/nancy')).status).toBe(200)
  expect((await nancy.get('/my-account')).status).toBe(200)
  const rows = await djet.query("select from djet.account where login = 'admin'")
  expect(rows).toHaveLength(1)
})
