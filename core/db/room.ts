import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { codeOf, reasonOf } from './connect-error.ts'
import type { Notices } from './outage.ts'

/** Milliseconds to wait for a connection, of the pool's own or that the server gives. */
export const CONNECT_WITHIN = 15_000
/** Milliseconds between two tries, doubled each time, at least and at most; ± 25 %. */
const PAUSE = [50, 1000] as const

/** All connections of the server are in use: that passes, as while an old process makes way for a new one. */
export const FULL = '53300'
/** The server is starting or stopping. */
export const NOT_YET = '57P03'

/**
 * Connects, and tries again for fifteen seconds while the server refuses it for one of these reasons. Meanwhile a
 * connection of the pool may have become free as well.
 *
 * @throws what `connect` throws, at once when it is for another reason
 */
export async function whenThereIsRoom<T>(
  connect: () => Promise<T>,
  notices: Notices,
  reasons: readonly string[] = [FULL],
): Promise<T> {
  const until = performance.now() + CONNECT_WITHIN
  for (let pause: number = PAUSE[0]; ; pause = Math.min(pause * 2, PAUSE[1])) {
    try {
      return await connect()
    } catch (error) {
      if (!reasons.includes(codeOf(error) ?? '') || performance.now() + pause > until) throw error
      notices.notice(reasonOf(error))
      await sleep(pause * (0.75 + Math.random() / 2))
    }
  }
}
