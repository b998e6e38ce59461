import type { List } from '../shared/lists.ts'
import type { Tree } from './plant.ts'

/** Every list of the site, the long ones at places far down as well. */
export function listsOf({ ids }: Tree, orders: number): List[] {
  const page = (title: string, path: string): List => ({ title, path })
  const api = (title: string, path: string): List => ({
    title: `API: ${title}`,
    path: `/-/api${path}`,
    json: true,
  })
  return [
    page('tree', '/admin/tree'),
    page('tree, the wide page open', `/admin/tree?open=1,${ids.wide}&node=${ids.wide}`),
    page('tree, a page far down in it', '/admin/tree?at=/wide/n-60000'),
    page('tree, found by the name', '/admin/tree?q=Number'),
    page('tree, found by a name of one', '/admin/tree?q=Number 77777'),
    page('tree, found by the path', '/admin/tree?q=/deep/n-7/'),
    page('move: where to', `/admin/node/${ids.branch}/move`),
    page('move: what it does', `/admin/node/${ids.branch}/move?to=/deep`),
    page('versions', `/admin/node/${ids.edited}/versions`),
    page('trash', '/admin/trash'),
    page('redirects', '/admin/redirects'),
    page('redirects, of some paths', '/admin/redirects?q=/old/page-9'),
    page('audit', '/admin/audit'),
    page('audit, of one user', '/admin/audit?user=user-7'),
    page('audit, of an action', '/admin/audit?action=node.move'),
    page('audit, of one page', '/admin/audit?node=/wide/n-1'),
    page('audit, of two filters', '/admin/audit?user=user-7&action=node.insert&door=cli'),
    page('access', '/admin/access?node=/wide/n-1'),
    page('basetypes', '/admin/basetypes'),
    page('one basetype', '/admin/basetypes/page'),
    page('users', '/users'),
    page('users, found', '/users?q=user-77'),
    page('a page of many', '/wide'),
    page('catalogue', '/products'),
    page('category', '/products/n-1'),
    page('customers', '/customers'),
    page('customer with orders', '/customers/n-7'),
    page('orders', '/orders'),
    page('orders, open', '/orders?state=open'),
    page('order', `/orders/${Math.ceil(orders / 2)}`),
    page('folder', '/library'),
    page('folder, found', '/library?q=photo-777'),
    page('file with its uses', '/library/photo-1'),
    page('jobs', '/jobs'),
    api('children', '/nodes/~wide/children'.replace('~wide', String(ids.wide))),
    api('versions', `/nodes/${ids.edited}/versions`),
    api('trash', '/trash'),
    api('redirects', '/redirects'),
    api('search', '/search?q=Number'),
    api('audit', '/audit'),
  ]
}
