import { admin, administrators, form, other, page } from './form-trials.ts'
import { jobActions } from './job-actions.ts'
import type { Action } from './matrix.ts'
import { orderActions } from './order-actions.ts'
import * as make from './targets.ts'
import { userActions } from './user-actions.ts'

const type = { name: 'x', title: 'Type', parentsMode: 'any', childrenMode: 'any', childOrder: 'position' }
const types = { needs: administrators, scopes: ['administer'] } as const

/** Who may do what by a form: a line for each route that takes one, `<engine> <path>`. */
export const pageActions: Readonly<Record<string, Action>> = {
  'default /-/edit': { needs: 'edit', trial: page('/-/edit', { name: 'Changed', do: 'draft' }) },
  'default /-/publish': {
    needs: 'publish',
    prepare: make.unpublished,
    scopes: ['write', 'publish'],
    trial: page('/-/publish'),
  },
  'default /-/unpublish': { needs: 'publish', scopes: ['write', 'publish'], trial: page('/-/unpublish') },
  'default /-/discard-draft': { needs: 'edit', prepare: make.draft, trial: page('/-/discard-draft') },
  'default /-/schedule': {
    needs: 'publish',
    scopes: ['write', 'publish'],
    trial: page('/-/schedule', { publishAt: '2031-05-01T10:30' }),
  },
  'default /-/new/:basetype': { needs: 'edit', trial: page('/-/new/page', { name: 'New' }) },
  'default /-/delete': { needs: ['edit', 'publish'], trial: page('/-/delete') },
  'default /-/restore/:trash': {
    needs: ['edit', 'publish'],
    prepare: make.trashed,
    trial: form(({ parentPath, other }) => `${parentPath}/-/restore/${other}`),
  },

  'admin.admin /node/:id/up': { needs: 'edit', trial: admin('/up') },
  'admin.admin /node/:id/down': { needs: 'edit', trial: form(({ other }) => `/admin/node/${other}/down`) },
  'admin.admin /node/:id/place': {
    needs: 'edit',
    trial: admin('/place', ({ other }) => ({ before: String(other) })),
  },
  'admin.admin /node/:id/duplicate': { needs: 'edit', trial: admin('/duplicate') },
  'admin.admin /node/:id/trash': { needs: ['edit', 'publish'], trial: admin('/trash') },
  'admin.admin /node/:id/rename': {
    needs: ['edit', 'publish'],
    trial: admin('/rename', () => ({ name: 'Other', title: 'Other' })),
  },
  'admin.admin /node/:id/move': {
    needs: ['edit', 'publish'],
    trial: admin('/move', ({ id }) => ({ part: `moved-${id}` })),
  },
  'admin.admin /node/:id/restore': {
    needs: ['edit', 'publish'],
    trial: admin('/restore', () => ({ version: '1' })),
  },
  'admin.admin /trash/:id/restore': {
    needs: ['edit', 'publish'],
    prepare: make.trashed,
    trial: other('/admin/trash/', '/restore'),
  },
  'admin.admin /trash/:id/purge': {
    needs: 'edit',
    prepare: make.trashed,
    trial: other('/admin/trash/', '/purge'),
  },
  'admin.admin /trash/empty': {
    needs: administrators,
    scopes: ['administer'],
    prepare: make.trashed,
    trial: form(() => '/admin/trash/empty'),
  },
  'admin.admin /redirects': {
    needs: 'edit',
    trial: form(
      () => '/admin/redirects',
      ({ id, path, parentPath }) => ({ from: `${parentPath}/was-${id}`, to: path }),
    ),
  },
  'admin.admin /redirects/:id': {
    needs: 'edit',
    prepare: make.redirect,
    trial: form(
      ({ other }) => `/admin/redirects/${other}`,
      ({ id, parentPath }) => ({ from: `${parentPath}/w-${id}`, to: '/' }),
    ),
  },
  'admin.admin /redirects/:id/remove': {
    needs: 'edit',
    prepare: make.redirect,
    trial: other('/admin/redirects/', '/remove'),
  },
  'admin.admin /access': {
    needs: 'administer',
    scopes: ['write', 'administer'],
    trial: form(
      () => '/admin/access',
      ({ path }) => ({ node: path, 'role-0': 'cook', 'mode-0': 'own' }),
    ),
  },
  'admin.admin /basetypes/new': {
    ...types,
    trial: form(
      () => '/admin/basetypes/new',
      ({ id }) => ({ ...type, name: `new-${id}`, do: 'save' }),
    ),
  },
  'admin.admin /basetypes/:name/edit': {
    ...types,
    prepare: make.siteType,
    trial: other('/admin/basetypes/', '/edit', { ...type, do: 'preview' }),
  },
  'admin.admin /basetypes/:name/change': {
    ...types,
    prepare: make.siteType,
    trial: other('/admin/basetypes/', '/change', { ...type, title: 'Changed' }),
  },
  'admin.admin /basetypes/:name/delete': {
    ...types,
    prepare: make.siteType,
    trial: other('/admin/basetypes/', '/delete'),
  },

  'files.folder /-/upload': {
    needs: 'edit',
    prepare: make.folder,
    trial: ({ other }) => {
      const body = new FormData()
      body.set('file', new Blob(['a,b']), 'a.csv')
      return { method: 'POST', path: `${other}/-/upload`, body }
    },
  },
  'files.folder /-/folder': {
    needs: 'edit',
    prepare: make.folder,
    trial: other('', '/-/folder', { name: 'More' }),
  },
  'files.file /-/replace': {
    needs: 'edit',
    prepare: make.libraryFile,
    trial: ({ other }) => {
      const body = new FormData()
      body.set('file', new Blob(['c,d']), 'a.csv')
      return { method: 'POST', path: `${other}/-/replace`, body }
    },
  },
  'files.file /-/details': {
    needs: 'edit',
    prepare: make.libraryFile,
    trial: other('', '/-/details', { alt: 'A' }),
  },

  ...orderActions,
  ...userActions,
  ...jobActions,
}

/** Routes where everybody does something for himself alone, and why they need no line above. */
export const ownActions: Readonly<Record<string, string>> = {
  'sales-order.orders /-/new/order': 'refused to everybody: orders come with their lines, by an import',
  'users.login /': 'one logs in',
  'users.login /code': 'half logged in, with a ticket of his own',
  'users.login /second-factor': 'half logged in, with a ticket of his own',
  'users.login /forgot': 'says the same to everybody',
  'users.login /link': 'whoever has the link',
  'users.logout /': 'ends the session of who asks',
  'users.account /password': 'own account, with the password; no token',
  'users.account /email': 'own account, with the password; no token',
  'users.account /second-factor': 'own account, with the password; no token',
  'users.account /second-factor/codes': 'own account, with a code; no token',
  'users.account /second-factor/remove': 'own account, with a code; no token',
  'users.account /sessions': 'own sessions; no token',
  'users.account /language': 'own language; no token',
  'users.account /tokens': 'own tokens, with the password; no token',
  'users.account /tokens/revoke': 'own tokens; no token',
  'users.users /-/new/user': 'refused to everybody: users have a form of their own',
}
