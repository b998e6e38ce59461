import { readlinkSync } from 'node:fs'
import { setPriority } from 'node:os'

/**
 * Lowers the priority of the thread that calls it, so that the process answers requests while the thread computes.
 * Linux counts priorities by thread, other systems by process: there, and where it is not allowed, nothing happens.
 *
 * @param nice 0 (not at all) to 19
 * @returns whether it did
 */
export function stepBack(nice: number): boolean {
  if (nice === 0 || process.platform !== 'linux') return false
  try {
    // '<pid>/task/<tid>'
    const thread = Number(readlinkSync('/proc/thread-self').split('/').at(-1))
    if (!(thread > 0) || thread === process.pid) return false
    setPriority(thread, nice)
    return true
  } catch {
    return false
  }
}
