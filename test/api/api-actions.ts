import { type Action, ROLES, type Target } from './matrix.ts'
import * as make from './targets.ts'
import { draft, failedTask, redirect, siteType, trashed, unpublished, waitingTask } from './targets.ts'

const at =
  (rest = '') =>
  (target: Target) =>
    `/nodes/${target.id}${rest}`
const get =
  (path: (target: Target) => string): Action['trial'] =>
  (target) => ({ method: 'GET', path: path(target) })
const send =
  (
    method: string,
    path: (target: Target) => string,
    body: (target: Target) => unknown = () => ({}),
  ): Action['trial'] =>
  (target) => ({ method, path: path(target), body: body(target) })
const remove =
  (path: (target: Target) => string): Action['trial'] =>
  (target) => ({ method: 'DELETE', path: path(target) })
const other =
  (before: string, after = '') =>
  ({ other }: Target) =>
    `${before}/${other}${after}`

const administrators = { roles: ['admin'] } as const
const staff = { roles: ['editor', 'publisher', 'admin'] } as const
const users = { roles: ['reader', 'editor', 'publisher', 'admin'] } as const

const scheduling = { needs: administrators, scopes: ['jobs'], prepare: make.schedule } as const
/** Rules of the pages of users: only administrators see and edit them, and for a change a token needs both. */
const managing = { needs: administrators, scopes: ['write', 'administer'], prepare: make.userNode } as const

/** Who may do what by the API: a line for each operation, by its name, and for ways of it that need more. */
export const apiActions: Readonly<Record<string, Action>> = {
  getApi: { needs: { roles: ROLES }, scopes: ['read'], trial: get(() => '/') },
  findNode: { needs: 'view', trial: get(({ path }) => `/nodes?path=${path}`) },
  getNode: { needs: 'view', trial: get(at()) },
  listChildren: { needs: 'view', trial: get(at('/children')) },
  createNode: {
    needs: 'edit',
    trial: send('POST', at('/children'), () => ({ basetype: 'page', name: 'New' })),
  },
  'createNode published': {
    needs: ['edit', 'publish'],
    trial: send('POST', at('/children'), () => ({ basetype: 'page', name: 'New', status: 'published' })),
  },
  updateNode: { needs: ['edit', 'publish'], trial: send('PATCH', at(), () => ({ title: 'Changed' })) },
  deleteNode: { needs: ['edit', 'publish'], trial: remove(at()) },
  moveNode: {
    needs: ['edit', 'publish'],
    trial: send('POST', at('/move'), ({ id }) => ({ part: `moved-${id}` })),
  },
  duplicateNode: { needs: 'edit', trial: send('POST', at('/duplicate')) },
  getPublishing: { needs: 'edit', trial: get(at('/publishing')) },
  uploadFile: {
    needs: 'edit',
    trial: (target) => {
      const body = new FormData()
      body.set('file', new Blob(['a,b']), 'a.csv')
      return { method: 'POST', path: `/nodes/${target.id}/files`, body }
    },
  },
  publishNode: {
    needs: 'publish',
    scopes: ['write', 'publish'],
    prepare: unpublished,
    trial: send('POST', at('/publish')),
  },
  unpublishNode: { needs: 'publish', scopes: ['write', 'publish'], trial: send('POST', at('/unpublish')) },
  scheduleNode: {
    needs: 'publish',
    scopes: ['write', 'publish'],
    trial: send('PUT', at('/schedule'), () => ({ publishAt: '2031-05-01T08:00:00Z' })),
  },
  listVersions: { needs: 'edit', trial: get(at('/versions')) },
  getVersion: { needs: 'edit', trial: get(at('/versions/1')) },
  diffVersions: { needs: 'edit', trial: get(at('/diff?from=1')) },
  restoreVersion: { needs: ['edit', 'publish'], trial: send('POST', at('/versions/1/restore')) },
  getDraft: { needs: 'edit', prepare: draft, trial: get(at('/draft')) },
  saveDraft: { needs: 'edit', trial: send('PUT', at('/draft'), () => ({ title: 'Draft' })) },
  discardDraft: { needs: 'edit', prepare: draft, trial: remove(at('/draft')) },
  listTrash: { needs: users, scopes: ['write'], trial: get(() => '/trash') },
  restoreTrash: {
    needs: ['edit', 'publish'],
    prepare: trashed,
    trial: send('POST', other('/trash', '/restore')),
  },
  purgeTrash: { needs: 'edit', prepare: trashed, trial: remove(other('/trash')) },
  emptyTrash: {
    needs: administrators,
    scopes: ['administer'],
    prepare: trashed,
    trial: remove(() => '/trash?before=2031-05-01T08:00:00Z'),
  },
  listRedirects: { needs: 'edit', trial: get(({ parentPath }) => `/redirects?below=${parentPath}`) },
  addRedirect: {
    needs: 'edit',
    trial: send(
      'POST',
      () => '/redirects',
      ({ id, parentPath, path }) => ({ from: `${parentPath}/was-${id}`, to: path }),
    ),
  },
  changeRedirect: {
    needs: 'edit',
    prepare: redirect,
    trial: send('PATCH', other('/redirects'), () => ({ to: '/' })),
  },
  removeRedirect: { needs: 'edit', prepare: redirect, trial: remove(other('/redirects')) },
  explainAccess: { needs: 'administer', trial: get(at('/access')) },
  setAccess: {
    needs: 'administer',
    scopes: ['write', 'administer'],
    trial: send('PUT', at('/access'), () => ({ acl: { cook: ['edit'] } })),
  },
  whoAmI: { needs: users, scopes: ['read'], trial: get(() => '/me') },
  searchNodes: { needs: users, scopes: ['read'], trial: get(() => '/search?q=page') },
  listAudit: { needs: administrators, scopes: ['administer'], trial: get(() => '/audit?limit=1') },
  listTypes: { needs: administrators, scopes: ['administer'], trial: get(() => '/types') },
  createType: {
    needs: administrators,
    scopes: ['administer'],
    trial: send(
      'POST',
      () => '/types',
      ({ id }) => ({ name: `made-${id}`, definition: { title: 'Type', fields: [] } }),
    ),
  },
  getType: { needs: administrators, scopes: ['administer'], prepare: siteType, trial: get(other('/types')) },
  changeType: {
    needs: administrators,
    scopes: ['administer'],
    prepare: siteType,
    trial: send('PUT', other('/types'), () => ({ definition: { title: 'Changed', fields: [] } })),
  },
  deleteType: {
    needs: administrators,
    scopes: ['administer'],
    prepare: siteType,
    trial: remove(other('/types')),
  },
  listJobs: { needs: users, scopes: ['jobs'], trial: get(() => '/jobs') },
  startJob: {
    needs: staff,
    scopes: ['jobs'],
    trial: send(
      'POST',
      () => '/jobs/jobmachine.echo',
      () => ({ params: 1 }),
    ),
  },
  getTask: { needs: staff, scopes: ['read'], prepare: waitingTask, trial: get(other('/tasks')) },
  cancelTask: {
    needs: staff,
    scopes: ['jobs'],
    prepare: waitingTask,
    trial: send('POST', other('/tasks', '/cancel')),
  },
  retryTask: {
    needs: staff,
    scopes: ['jobs'],
    prepare: failedTask,
    trial: send('POST', other('/tasks', '/retry')),
  },
  listSchedules: { needs: staff, scopes: ['read'], prepare: make.schedule, trial: get(() => '/schedules') },
  getSchedule: { needs: staff, scopes: ['read'], prepare: make.schedule, trial: get(other('/schedules')) },
  listScheduleRuns: {
    needs: staff,
    scopes: ['read'],
    prepare: make.schedule,
    trial: get(other('/schedules', '/runs')),
  },
  createSchedule: {
    ...scheduling,
    trial: send(
      'POST',
      () => '/schedules',
      ({ other }) => ({ name: `made-${other}`, job: 'jobmachine.echo', params: 1, cron: '0 6 * * *' }),
    ),
  },
  changeSchedule: { ...scheduling, trial: send('PATCH', other('/schedules'), () => ({ cron: '0 7 * * *' })) },
  pauseSchedule: { ...scheduling, trial: send('POST', other('/schedules', '/pause')) },
  resumeSchedule: {
    ...scheduling,
    prepare: make.pausedSchedule,
    trial: send('POST', other('/schedules', '/resume')),
  },
  runSchedule: { ...scheduling, trial: send('POST', other('/schedules', '/run')) },
  deleteSchedule: { ...scheduling, trial: remove(other('/schedules')) },
  listUsers: { needs: administrators, scopes: ['read'], trial: get(() => '/users?q=admin') },
  getUser: { needs: administrators, scopes: ['read'], prepare: make.userNode, trial: get(other('/users')) },
  createUser: {
    ...managing,
    trial: send(
      'POST',
      () => '/users',
      ({ other }) => ({ login: `made-${other}`, email: 'made@example.com', roles: ['staff'] }),
    ),
  },
  changeUser: {
    ...managing,
    trial: send('PATCH', other('/users'), () => ({ name: 'Other', roles: ['cook'] })),
  },
  disableUser: { ...managing, trial: send('POST', other('/users', '/disable')) },
  enableUser: { ...managing, trial: send('POST', other('/users', '/enable')) },
  unlockUser: { ...managing, trial: send('POST', other('/users', '/unlock')) },
  inviteUser: { ...managing, trial: send('POST', other('/users', '/invite')) },
  setUserPassword: {
    ...managing,
    trial: send('PUT', other('/users', '/password'), () => ({ password: 'loud-river-7' })),
  },
  resetSecondFactor: {
    ...managing,
    prepare: make.withFactor,
    trial: remove(other('/users', '/second-factor')),
  },
  listUserSessions: { ...managing, trial: get(other('/users', '/sessions')) },
  endUserSessions: { ...managing, trial: remove(other('/users', '/sessions')) },
  endUserSession: {
    ...managing,
    prepare: make.withSession,
    trial: remove(({ other }) => sub(other, 'sessions')),
  },
  listUserTokens: { ...managing, trial: get(other('/users', '/tokens')) },
  revokeUserToken: {
    ...managing,
    prepare: make.nodeWithToken,
    trial: remove(({ other }) => sub(other, 'tokens')),
  },
}

/** Something of a user, `<id of his page> <number>`. */
function sub(other: Target['other'], what: string): string {
  const [user, id] = String(other).split(' ')
  return `/users/${user}/${what}/${id}`
}
