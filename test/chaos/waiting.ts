import { setTimeout as sleep } from 'node:timers/promises'
import type { Stage } from './acts.ts'

/** How many tasks are over, and how many are not. */
export async function progressOf(ask: Stage['ask']): Promise<{ open: number; done: number }> {
  const { rows } = await ask((client) =>
    client.query<{ open: number; done: number }>(
      `select (select count(*)::int from jobmachine.task where status < 200) as open,
         (select count(*)::int from chaos.ending) as done`,
    ),
  )
  return rows[0]!
}

/** Waits as long as more is done each two minutes, however long it takes. */
export async function whileItGoesOn(
  look: () => Promise<{ isOver: boolean; done: number }>,
  name: string,
): Promise<void> {
  let until = Date.now() + 120_000
  for (let most = -1; ; await sleep(500)) {
    const { isOver, done } = await look()
    if (isOver) return
    if (done > most) until = Date.now() + 120_000
    most = Math.max(most, done)
    if (Date.now() > until) throw new Error(`nothing more is done for 120 s: ${name}`)
  }
}

/** @throws when it is not so after so many milliseconds */
export async function bounded(what: () => Promise<boolean>, ms: number, name: string): Promise<void> {
  for (const until = Date.now() + ms; !(await what()); ) {
    if (Date.now() > until) throw new Error(`it is not so after ${ms} ms: ${name}`)
    await sleep(200)
  }
}
