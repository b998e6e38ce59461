import { type Node, page } from '../../../core/index.ts'
import { createTestSite, type TestSite } from '../../../test/site.ts'
import type { Visitor } from '../../../test/visitor.ts'
import { jobmachine } from '../../jobmachine/index.ts'
import { addUser, changePassword, users } from '../../users/index.ts'
import { admin } from '../index.ts'

export const PASSWORD = 'quiet-river-5'

export interface AdminSite {
  readonly site: TestSite
  /** May do everything. */
  readonly boss: Visitor
  /** Staff, who may edit below `/garden` only. */
  readonly gardener: Visitor
  /** Logged in, with no role. */
  readonly reader: Visitor
  /** Makes a page below another. */
  make(parent: string, name: string, more?: { status?: 'draft'; body?: string }): Promise<Node>
  close(): Promise<void>
}

/** A site with a garden: `/garden/roses/tea`, `/garden/tulips`, and an office that only administrators see. */
export async function openAdminSite(): Promise<AdminSite> {
  const site = await createTestSite({ plugins: [users(), jobmachine({ threads: 0 }), admin()] })
  const { djet } = site
  const make: AdminSite['make'] = (parent, name, { status, body } = {}) =>
    djet.nodes.insert(parent, {
      basetype: page,
      name,
      ...(status ? { status } : {}),
      ...(body ? { data: { body } } : {}),
    })
  await djet.nodes.insert('/', { basetype: page, name: 'Garden', acl: { staff: ['view', 'edit'] } })
  await make('/garden', 'Roses')
  await make('/garden/roses', 'Tea')
  await make('/garden', 'Tulips')
  await djet.nodes.insert('/', { basetype: page, name: 'Office', acl: { everyone: [], user: [] } })
  await changePassword(djet, { login: 'admin', password: PASSWORD })
  await addUser(djet, { login: 'gardener', password: PASSWORD, roles: ['staff'] })
  await addUser(djet, { login: 'reader', password: PASSWORD })
  const visit = async (login: string) => (await site.visitor()).login(login, PASSWORD)
  return {
    site,
    boss: await visit('admin'),
    gardener: await visit('gardener'),
    reader: await visit('reader'),
    make,
    close: () => site.close(),
  }
}

/** Ids of the nodes that a page of the tree shows, with their names. */
export function rowsOf(html: string): { id: number; name: string }[] {
  return [...html.matchAll(/id="l-(\d+)"[^>]*>([^<]*)</g)].map(([, id, name]) => ({
    id: Number(id),
    name: name!,
  }))
}
