import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  auditActions,
  type Djet,
  defineBasetype,
  defineEngine,
  definePlugin,
  listAudit,
  type User,
} from '../core/index.ts'
import { createTestSite, type TestSite } from './site.ts'

const ann: User = { id: 1, login: 'ann', name: 'Ann', roles: ['staff'] }

const bell = defineBasetype({ name: 'bell', title: 'Bell', engine: 'bell.bell' })
const bells = definePlugin(() => ({
  name: 'bell',
  basetypes: [bell],
  engines: {
    'bell.bell': defineEngine((router) => {
      router.post('/ring', async (ctx) => {
        await ctx.djet.audit({ action: 'bell.ring', nodeId: ctx.node.id })
        ctx.seeOther(ctx.below('/'))
      })
    }),
  },
  seed: async (djet: Djet) =>
    void (await djet.nodes.insert('/', { basetype: bell, part: 'bell', name: 'Bell' })),
}))

describe('the record of what was done', () => {
  let site: TestSite
  beforeAll(async () => {
    site = await createTestSite({ plugins: [bells()] })
  })
  afterAll(() => site.close())

  test('says who did what at which node', async () => {
    const djet = site.app.scope({ user: ann })
    const node = await site.djet.nodes.require('/bell')
    await djet.audit({ action: 'test.mend', subject: 'clapper', nodeId: node.id, data: { from: 1, to: 2 } })
    const { items } = await listAudit(djet, { action: 'test.mend' })
    expect(items).toMatchObject([
      {
        login: 'ann',
        door: 'system',
        via: null,
        action: 'test.mend',
        subject: 'clapper',
        nodeId: node.id,
        nodePath: '/bell',
        data: { from: 1, to: 2 },
      },
    ])
    expect(Math.abs(items[0]!.at.getTime() - Date.now())).toBeLessThan(60_000)
  })

  test('is there if and only if the action is', async () => {
    const broken = site.djet.transaction(async (djet) => {
      await djet.audit({ action: 'test.undone' })
      throw new Error('no')
    })
    await expect(broken).rejects.toThrow('no')
    await site.djet.transaction(async (djet) => {
      await djet.audit({ action: 'test.done' })
      await djet
        .transaction(async (djet) => {
          await djet.audit({ action: 'test.undone' })
          throw new Error('no')
        })
        .catch(() => {})
    })
    expect((await listAudit(site.djet, { action: 'test.undone' })).items).toEqual([])
    expect((await listAudit(site.djet, { action: 'test.done' })).items).toHaveLength(1)
  })

  test('knows forms from programs', async () => {
    const visitor = await site.visitor()
    await visitor.post('/bell/ring', {})
    await visitor.post('/bell/ring', {}, { headers: { accept: 'application/json' } })
    const { items } = await listAudit(site.djet, { action: 'bell.ring' })
    expect(items.map(({ door, login }) => [door, login])).toEqual([
      ['api', null],
      ['page', null],
    ])
  })

  test('names the door a scope says it comes from, inside transactions too', async () => {
    const djet = site.app.scope({ origin: { door: 'job', via: 'task 7' } })
    await djet.transaction(async (djet) => djet.asSystem().audit({ action: 'test.origin' }))
    expect((await listAudit(djet, { action: 'test.origin' })).items).toMatchObject([
      { door: 'job', via: 'task 7', login: null },
    ])
    expect(djet.door).toBe('job')
  })

  test('keeps what a stranger wrote, as far as a text can hold it', async () => {
    const subject = `a\0b\ud800${'x'.repeat(1000)}`
    await site.djet.audit({ action: 'test.odd', subject, login: 'bob', data: { typed: '\0\udc00!' } })
    await site.djet.audit({ action: 'test.odd', data: { long: 'x'.repeat(30_000) } })
    const { items } = await listAudit(site.djet, { action: 'test.odd' })
    expect(items[1]).toMatchObject({ login: 'bob', data: { typed: '\ufffd!' } })
    expect(items[1]!.subject).toMatch(/^ab\ufffdx{400,}$/)
    expect(items[0]!.data).toEqual({ left_out: '30011 characters of JSON' })
  })

  test('refuses an action without a proper name', async () => {
    await expect(site.djet.audit({ action: 'Deleted it' })).rejects.toMatchObject({ code: 'AUDIT_INVALID' })
  })

  test('pages through everything by key, with each filter', async () => {
    for (let n = 0; n < 25; n++) {
      await site.app
        .scope({ user: { ...ann, login: n % 2 ? 'even' : 'odd' }, origin: { door: n % 5 ? 'api' : 'cli' } })
        .audit({ action: 'test.page', data: { n }, nodeId: 1 })
    }
    const numbers = async (filter: Parameters<typeof listAudit>[1]): Promise<unknown[]> => {
      const seen: unknown[] = []
      let before: string | undefined
      do {
        const { items, next } = await listAudit(site.djet, {
          ...filter,
          action: 'test.page',
          before,
          limit: 4,
        })
        seen.push(...items.map(({ data }) => data?.n))
        before = next ?? undefined
      } while (before !== undefined)
      return seen
    }
    const all = Array.from({ length: 25 }, (_, n) => 24 - n)
    expect(await numbers({})).toEqual(all)
    expect(await numbers({ user: 'even' })).toEqual(all.filter((n) => n % 2))
    expect(await numbers({ door: 'cli' })).toEqual([20, 15, 10, 5, 0])
    expect(await numbers({ nodeId: 1, door: 'cli', user: 'odd' })).toEqual([20, 10, 0])
    expect(await numbers({ nodeId: 2 })).toEqual([])
    const { items } = await listAudit(site.djet, { action: 'test.page' })
    const at = items[10]!.at
    const since = await numbers({ since: at })
    const until = await numbers({ until: at })
    expect([...since, ...until]).toEqual(all)
    expect(since).toContain(14)
    expect(await auditActions(site.djet)).toEqual(
      expect.arrayContaining(['bell.ring', 'test.mend', 'test.page']),
    )
  })

  test.each([
    [{ door: 'window' }, "'window' is no door"],
    [{ nodeId: 0 }, 'nodeId must be the id of a node'],
    [{ since: new Date('x') }, 'is no time'],
    [{ user: '\0' }, 'character that no text here can have'],
    [{ limit: 5000 }, 'limit must be'],
    [{ before: 'x' }, 'not complete'],
    [{ before: Buffer.from('[1e300,1]').toString('base64url') }, 'is no time'],
    [{ before: Buffer.from('[1,1e300]').toString('base64url') }, 'not complete'],
  ])('refuses the filter %j', async (filter, message) => {
    await expect(listAudit(site.djet, filter)).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining(message),
    })
  })

  test('reads a page of any filter from an index', async () => {
    await site.djet.query(`insert into djet.audit (at, login, door, action, node_id)
      select now() - n * interval '1 second', 'u' || n % 50, 'system', 'test.a' || n % 20, n % 20 + 1
      from generate_series(1, 20000) n`)
    await site.djet.query('analyze djet.audit')
    for (const condition of [
      'true',
      "action = 'test.a3'",
      "login = 'u7'",
      "door = 'system'",
      'node_id = 9',
      "at < now() - interval '1 hour'",
    ]) {
      const plan = await site.djet.query<Record<string, string>>(
        `explain select * from djet.audit where ${condition} order by at desc, id desc limit 51`,
      )
      const text = plan.map((row) => Object.values(row)[0]).join('\n')
      expect(text).toMatch(/Index Scan Backward using audit_/)
      expect(text).not.toContain('Sort')
    }
  })
})
