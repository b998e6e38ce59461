import type { Child } from '../../shared/child.ts'
import type { Contestant } from '../peers/contestants.ts'
import type { Conditions } from './figure.ts'

/** What takes part in a comparison, under the name it has in the figure. */
export interface Entry {
  readonly key: string
  readonly contestant: Contestant
}

/**
 * Starts each queue in a process and on a database of its own, and measures one after the other, round after round,
 * so that what else the machine does falls on all of them. The first round, of less work, is for warming up.
 *
 * @param measure gets the process, and whether it is for warming up
 * @returns what was measured, by key; nothing for a queue that does not know the setting asked for
 */
export async function rounds<E extends Entry, T>(
  conditions: Conditions,
  title: string,
  entries: readonly E[],
  measure: (child: Child, entry: E, warmUp: boolean, databaseUrl: string) => Promise<T>,
  repeats: number = conditions.repeats,
): Promise<Map<string, T[]>> {
  const children = new Map<Contestant, Child>()
  const urls = new Map<Contestant, string>()
  const results = new Map<string, T[]>()
  try {
    const able: E[] = []
    for (const entry of entries) {
      if (!children.has(entry.contestant)) {
        const child = entry.contestant.start()
        children.set(entry.contestant, child)
        urls.set(entry.contestant, await conditions.database.another())
        if (!(await prepared(child, urls.get(entry.contestant)!))) continue
      }
      able.push(entry)
    }
    for (let round = 0; round <= repeats; round++) {
      conditions.progress(`${title}: ${round === 0 ? 'warming up' : `round ${round} of ${repeats}`}`)
      for (const entry of able) {
        const result = await measure(
          children.get(entry.contestant)!,
          entry,
          round === 0,
          urls.get(entry.contestant)!,
        )
        if (round > 0) results.set(entry.key, [...(results.get(entry.key) ?? []), result])
      }
    }
    return results
  } finally {
    await Promise.all([...children.values()].map((child) => child.stop()))
  }
}

/** False: it does not know an option that the figure needs. */
async function prepared(child: Child, databaseUrl: string): Promise<boolean> {
  try {
    await child.call('prepare', databaseUrl)
    return true
  } catch (error) {
    if (error instanceof Error && error.message.includes('JOBMACHINE_OPTIONS')) return false
    if (error instanceof Error && error.message.includes('unknown option')) return false
    throw error
  }
}
