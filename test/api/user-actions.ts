import { administrators, form, other } from './form-trials.ts'
import type { Action } from './matrix.ts'
import * as make from './targets.ts'

/** Rules of the pages of users: only administrators edit there, and a token needs both. */
const users = { needs: administrators, scopes: ['write', 'administer'] } as const

/** Who may do what with users by forms: see `pageActions`. */
export const userActions: Readonly<Record<string, Action>> = {
  'users.users /': {
    ...users,
    trial: form(
      () => '/users',
      ({ id }) => ({ login: `new-${id}`, password: 'quiet-river-5' }),
    ),
  },
  'users.user /roles': { ...users, prepare: make.user, trial: other('/users/', '/roles', { roles: 'cook' }) },
  'users.user /password': {
    ...users,
    prepare: make.user,
    trial: other('/users/', '/password', { password: 'loud-river-7' }),
  },
  'users.user /disable': { ...users, prepare: make.user, trial: other('/users/', '/disable') },
  'users.user /enable': { ...users, prepare: make.disabled, trial: other('/users/', '/enable') },
  'users.user /invite': { ...users, prepare: make.user, trial: other('/users/', '/invite') },
  'users.user /unlock': { ...users, prepare: make.user, trial: other('/users/', '/unlock') },
  'users.user /second-factor/reset': {
    ...users,
    prepare: make.user,
    trial: other('/users/', '/second-factor/reset'),
  },
  'users.user /sessions': { ...users, prepare: make.user, trial: other('/users/', '/sessions') },
  'users.user /tokens': {
    ...users,
    prepare: make.userWithToken,
    trial: (target) => {
      const [login, id = ''] = String(target.other).split(' ')
      return { method: 'POST', path: `/users/${login}/tokens`, body: { id } }
    },
  },
}
