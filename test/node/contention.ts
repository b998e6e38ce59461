import { expect } from 'vitest'
import type { Djet } from '../../core/index.ts'

/** A door that one side opens and the other waits at. */
export function latch(): { open(): void; opened: Promise<void> } {
  let open = (): void => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { open, opened }
}

/** Until some connection to this database waits for a lock; 10 seconds at most. */
export async function someoneWaits(djet: Djet): Promise<void> {
  await expect
    .poll(
      () =>
        djet.query(
          "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
        ),
      { timeout: 10_000 },
    )
    .not.toEqual([])
}
