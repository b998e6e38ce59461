import { ADMIN, type Djet, didYouMean, ruledRoles } from '../../../core/index.ts'

/**
 * What to say to whoever gives roles that nothing on the site speaks of: a slip of the pen, or a role whose rules are still to
 * be made. Which roles there are is told to administrators and at the command line.
 *
 * @returns sentences in English, as messages are; none when all are known
 */
export async function roleWarnings(djet: Djet, roles: readonly string[]): Promise<string[]> {
  const known = await ruledRoles(djet)
  const unknown = roles.filter((role) => !known.includes(role))
  if (unknown.length === 0) return []
  const said = unknown.map(
    (role) => `No rule of this site speaks of the role '${role}' yet: it lets nobody do more.`,
  )
  if (!djet.system && !djet.user?.roles.includes(ADMIN)) return said
  const hints = unknown.map((role) => didYouMean(role, known))
  return [...said.map((text, i) => `${text}${hints[i]}`), `Known roles: ${known.join(', ')}.`]
}
