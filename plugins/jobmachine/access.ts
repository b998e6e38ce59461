import type { Djet, DjetApp, NodeRef, User } from '../../core/index.ts'
import { ADMIN, DjetError, rolesOf } from '../../core/index.ts'
import type { AnyJob } from './job.ts'
import { BATCH, BULK } from './jobs.ts'
import { jobsOf } from './registry.ts'

const NONE: ReadonlySet<string> = new Set()

/**
 * Classes whose tasks the scope's user does not see, whatever he may at the jobs node. Lists leave them out; the
 * system and administrators see all.
 */
export function hiddenClasses(djet: Djet): ReadonlySet<string> {
  return closedTo(djet, (job) => job.access.see)
}

/** Whether the scope's user sees tasks of a class, given that he may `view` the jobs node. */
export function maySee(djet: Djet, className: string): boolean {
  return !hiddenClasses(djet).has(className)
}

/**
 * Whether the scope's user may start tasks of a job by hand: he may `start` at the jobs node and has a role that the
 * job names, or is an administrator.
 *
 * @param node the jobs node
 */
export async function mayStart(djet: Djet, node: NodeRef, job: AnyJob): Promise<boolean> {
  return isByHand(djet, job) && (await djet.can('start', node))
}

/** @throws {DjetError} ACCESS_DENIED, 403 (401 for a visitor) */
export async function requireStart(djet: Djet, node: NodeRef, job: AnyJob): Promise<void> {
  if (await mayStart(djet, node, job)) return
  throw new DjetError('ACCESS_DENIED', `you may not start tasks of class '${job.name}'.`, {
    status: djet.user === null ? 401 : 403,
  })
}

/**
 * The same for a job by name, for those who schedule: they schedule only what they may start. A job that no plugin brings
 * is nobody's.
 * @throws {DjetError} ACCESS_DENIED, 403 (401 for a visitor)
 */
export async function requireStartOf(djet: Djet, node: NodeRef, name: string): Promise<void> {
  const job = jobsOf(djet.app).get(name)
  if (job) await requireStart(djet, node, job)
}

/** The jobs the scope's user may start by hand, in the order of their names for people. */
export async function startable(djet: Djet, node: NodeRef): Promise<AnyJob[]> {
  if (!(await djet.can('start', node))) return []
  const jobs = [...jobsOf(djet.app).values()].filter((job) => isByHand(djet, job))
  return jobs.sort((a, b) => a.label.localeCompare(b.label) || (a.name < b.name ? -1 : 1))
}

/**
 * Whether the scope's user may cancel and retry a task: he sees it, may `cancel` at the jobs node, and has a role that
 * the job names, if it names any. Of a batch: for each of its tasks.
 *
 * @param node the jobs node
 */
export async function mayCancel(
  djet: Djet,
  node: NodeRef,
  task: { readonly id: number; readonly class: string },
): Promise<boolean> {
  if (!(await djet.can('cancel', node))) return false
  const closed = new Set([...hiddenClasses(djet), ...closedTo(djet, (job) => job.access.cancel)])
  if (task.class !== BATCH || closed.size === 0) return !closed.has(task.class)
  const [kept] = await djet.query(
    `select from jobmachine.task t join jobmachine.class c using (class_id)
     where t.parent_id = $1 and c.name = any($2) limit 1`,
    [task.id, [...closed]],
  )
  return kept === undefined
}

/** @throws {DjetError} ACCESS_DENIED, 403 (401 for a visitor) */
export async function requireCancel(
  djet: Djet,
  node: NodeRef,
  task: { readonly id: number; readonly class: string },
): Promise<void> {
  if (await mayCancel(djet, node, task)) return
  throw new DjetError('ACCESS_DENIED', `you may not cancel or retry tasks of class '${task.class}'.`, {
    status: djet.user === null ? 401 : 403,
  })
}

/** What only other pages send is started by nobody, administrators included. */
function isByHand(djet: Djet, job: AnyJob): boolean {
  return job.name !== BULK && holds(djet, job.access.start)
}

function closedTo(djet: Djet, rolesFor: (job: AnyJob) => readonly string[] | undefined): ReadonlySet<string> {
  if (isUnlimited(djet)) return NONE
  const closed = new Set<string>()
  for (const job of jobsOf(djet.app).values()) {
    const roles = rolesFor(job)
    if (roles !== undefined && !holds(djet, roles)) closed.add(job.name)
  }
  return closed
}

function holds(djet: Djet, roles: readonly string[]): boolean {
  return (
    isUnlimited(djet) || usersOf(djet).every((user) => rolesOf(user).some((role) => roles.includes(role)))
  )
}

function isUnlimited(djet: Djet): boolean {
  return djet.system || usersOf(djet).every((user) => rolesOf(user).includes(ADMIN))
}

/** Whose roles count: of a preview those that are looked through, and those of the editor who looks. */
function usersOf({ user, preview }: Djet): (User | null)[] {
  return preview === undefined ? [user] : [user, preview.editor]
}

/** Roles that jobs name: each may see, start or cancel something. */
export function rolesOfJobs(app: DjetApp): string[] {
  return [...jobsOf(app).values()].flatMap(({ access: { see = [], start, cancel = [] } }) => [
    ...see,
    ...start,
    ...cancel,
  ])
}
