import { type Djet, sessionsOf } from '../../../core/index.ts'
import { deviceOf } from '../device.ts'

/** One line of a list of sessions. */
export interface SessionLine {
  readonly id: number
  /** `Firefox on Windows`. */
  readonly device: string
  readonly address: string
  readonly created: Date
  readonly seen: Date
  /** Whether it is the one the page is shown in. */
  readonly here: boolean
}

/** Where somebody is logged in, for people. */
export async function sessionLines(
  djet: Djet,
  accountId: number,
  here: number | undefined,
): Promise<SessionLine[]> {
  return (await sessionsOf(djet, accountId)).map(({ id, address, userAgent, created, seen }) => ({
    id,
    device: deviceOf(userAgent),
    address: address?.replace(/^::ffff:(?=\d+\.)/, '') ?? 'unknown',
    created,
    seen,
    here: id === here,
  }))
}
