import { describe, expect, test } from 'vitest'
import { type Acl, type Basetype, decide, defineBasetype, explain, type Node } from '../core/index.ts'

const open = defineBasetype({ name: 'open', title: 'Open' })
const office = defineBasetype({ name: 'office', title: 'Office', acl: { everyone: [], staff: ['view'] } })
const basetypes = new Map<string, Basetype>([
  ['open', open],
  ['office', office],
])
type Step = Pick<Node, 'acl' | 'basetype' | 'path' | 'status'>
const step = (path: string, acl: Acl | null, more: Partial<Step> = {}): Step => ({
  path,
  acl,
  basetype: 'open',
  status: 'published',
  ...more,
})

describe('an explanation', () => {
  const root = step('/', { everyone: ['view'], staff: ['view', 'edit'] })

  test('names node, source and role that grant or deny', () => {
    const branch = [step('/o/x', null), step('/o', null, { basetype: 'office' }), root]
    expect(explain(branch, basetypes, ['everyone'], 'view')).toEqual({
      permission: 'view',
      asked: 'view',
      allowed: false,
      because: 'denied',
      roles: [{ role: 'everyone', allowed: false, path: '/o', source: 'basetype' }],
    })
    expect(explain(branch, basetypes, ['everyone', 'user', 'staff'], 'view')).toMatchObject({
      allowed: true,
      because: 'rule',
      roles: [
        { role: 'everyone', allowed: false, path: '/o' },
        { role: 'user', allowed: false },
        { role: 'staff', allowed: true, path: '/o', source: 'basetype' },
      ],
    })
    expect(explain([step('/a', { staff: ['edit'] }), root], basetypes, ['staff'], 'edit').roles).toEqual([
      { role: 'staff', allowed: true, path: '/a', source: 'node' },
    ])
  })

  test('says that no rule speaks of a role, that a role may do everything, and that a page is hidden', () => {
    expect(explain([root], basetypes, ['cook'], 'view')).toMatchObject({ allowed: false, because: 'silent' })
    expect(explain([root], basetypes, ['admin'], 'burn')).toMatchObject({
      allowed: true,
      because: 'administrator',
    })
    const hidden = [step('/d', null, { status: 'draft' }), root]
    expect(explain(hidden, basetypes, ['everyone', 'user'], 'view')).toMatchObject({
      allowed: false,
      because: 'hidden',
      asked: 'edit',
    })
    expect(explain(hidden, basetypes, ['everyone', 'user', 'staff'], 'view')).toMatchObject({
      allowed: true,
      because: 'rule',
      asked: 'edit',
    })
    expect(explain([root], basetypes, ['staff'], 'publish')).toMatchObject({ allowed: true, asked: 'edit' })
  })

  test('decides as access does, whatever the rules', () => {
    let seed = 7
    const random = (n: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
      return Math.floor((seed / 2 ** 31) * n)
    }
    const roles = ['everyone', 'user', 'staff', 'admin']
    const words = ['view', 'edit', 'publish', '*']
    const acl = (): Acl | null =>
      random(2) === 0
        ? null
        : Object.fromEntries(
            roles.filter(() => random(2) === 0).map((role) => [role, words.filter(() => random(3) === 0)]),
          )
    for (let n = 0; n < 5000; n++) {
      const branch = Array.from({ length: 1 + random(4) }, (_, i) =>
        step(`/${i}`, acl(), {
          basetype: random(2) === 0 ? 'open' : 'office',
          status: random(4) === 0 ? 'draft' : 'published',
        }),
      )
      const asked = roles.filter((role) => random(role === 'admin' ? 10 : 2) === 0)
      const permission = ['view', 'edit', 'publish', 'start'][random(4)]!
      const explained = explain(branch, basetypes, asked, permission)
      expect(explained.allowed).toBe(decide(branch, basetypes, asked, permission).allowed)
    }
  })
})
