import type { Permission } from './access.ts'

/** What a token may be for, each with what it lets its program do. Every token reads. */
export const SCOPES = Object.freeze({
  read: 'see what its user may see',
  write: 'change, make, move and trash pages, and what plugins let their users do',
  publish: 'publish, unpublish and schedule pages',
  administer: 'set access rules, see the audit, change users',
  jobs: 'start, cancel and schedule jobs',
})

/** What a token is for: it never may do more than its user, and of that only this. */
export type Scope = keyof typeof SCOPES

const OF_PERMISSION: Readonly<Record<Permission, Scope>> = {
  view: 'read',
  edit: 'write',
  publish: 'publish',
  administer: 'administer',
  start: 'jobs',
  cancel: 'jobs',
  schedule: 'jobs',
}

/** The scope a token needs for a permission; words of plugins' own are changes like any other. */
export function scopeFor(permission: Permission): Scope {
  return Object.hasOwn(OF_PERMISSION, permission) ? OF_PERMISSION[permission]! : 'write'
}

export function isScope(text: string): text is Scope {
  return Object.hasOwn(SCOPES, text)
}
