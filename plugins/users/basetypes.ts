import { type Acl, defineBasetype, field } from '../../core/index.ts'

const ADMINISTRATORS_ONLY: Acl = { everyone: [], user: [] }

/** The page where one logs in; the configuration's `login` names its path. */
export const login = defineBasetype({
  name: 'login',
  title: 'Login page',
  engine: 'users.login',
  template: 'login.eta',
  children: [],
  max: 1,
  fixed: true,
  menu: false,
  acl: { everyone: ['view'] },
})

/** The page where one logs out. */
export const logout = defineBasetype({
  name: 'logout',
  title: 'Logout page',
  engine: 'users.logout',
  template: 'logout.eta',
  children: [],
  max: 1,
  fixed: true,
  menu: false,
  acl: { everyone: ['view'] },
})

/** The page of one's own account. */
export const account = defineBasetype({
  name: 'account',
  title: 'Account',
  engine: 'users.account',
  template: 'users/account.eta',
  children: [],
  max: 1,
  fixed: true,
  menu: false,
  acl: { everyone: [], user: ['view'] },
})

/** Holds the users. */
export const users = defineBasetype({
  name: 'users',
  title: 'Users',
  engine: 'users.users',
  template: 'users.eta',
  children: ['user'],
  max: 1,
  fixed: true,
  sensitive: true,
  acl: ADMINISTRATORS_ONLY,
})

/** Someone who may log in. Password and roles are in `djet.account`, never in the node. */
export const user = defineBasetype({
  name: 'user',
  title: 'User',
  engine: 'users.user',
  template: 'user.eta',
  parents: ['users'],
  children: [],
  // Whoever is in the trash could still log in.
  trash: false,
  sensitive: true,
  fields: {
    login: field.str({ required: true, updatable: false, searchable: true, maxLength: 100 }),
    email: field.email({ title: 'E-mail' }),
  },
})
