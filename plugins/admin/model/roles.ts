import type { Acl, Branch, Djet } from '../../../core/index.ts'

/** Permissions that core and the bundled plugins ask for. */
const KNOWN = ['view', 'edit', 'publish', 'administer', 'start', 'cancel']

/** Permissions that rules speak of, and those everybody knows; `*`, all of them, last. */
export function knownPermissions(djet: Djet, branch: Branch): string[] {
  const named = aclsOf(djet, branch).flatMap((acl) => Object.values(acl).flat())
  return [...new Set([...KNOWN, ...named])].filter((permission) => permission !== '*')
}

function aclsOf(djet: Djet, branch: Branch): Acl[] {
  const all = [...branch.map(({ acl }) => acl), ...[...djet.app.basetypes.values()].map(({ acl }) => acl)]
  return all.filter((acl) => acl !== null && acl !== undefined)
}
