import { readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { isAlive } from './process.ts'

const beat = 1_000
const silence = 6_000

/**
 * Runs work while no other process runs work under the same lock file. The holder touches the file every second; a
 * lock whose process is gone, or that was not touched for six seconds while we looked on (its process id is someone
 * else's after a restart), is taken away.
 */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  await take(file)
  const heart = setInterval(() => {
    const now = new Date()
    utimes(file, now, now).catch(() => {})
  }, beat)
  try {
    return await work()
  } finally {
    clearInterval(heart)
    await rm(file, { force: true })
  }
}

async function take(file: string): Promise<void> {
  let seen = ''
  let since = performance.now()
  while (!(await made(file))) {
    const state = await stateOf(file)
    if (state === undefined) continue
    if (state.text !== seen) [seen, since] = [state.text, performance.now()]
    if (state.dead || performance.now() - since > silence) await removeStale(file, state.text)
    else await sleep(50)
  }
}

/** Removes the lock only if it is still the stale one; a lock of its own keeps two from removing one another's. */
async function removeStale(file: string, text: string): Promise<void> {
  const guard = `${file}.remove`
  if (await made(guard)) {
    if ((await stateOf(file))?.text === text) await rm(file, { force: true })
    await rm(guard, { force: true })
    return
  }
  const since = (await stat(guard).catch(() => undefined))?.mtimeMs
  if (since !== undefined && Date.now() - since > 10_000) await rm(guard, { force: true })
  await sleep(20)
}

/** Whether the holder is dead, and a text that changes with every touch; undefined when there is no lock. */
async function stateOf(file: string): Promise<{ dead: boolean; text: string } | undefined> {
  try {
    const [pid, info] = await Promise.all([readFile(file, 'utf8'), stat(file)])
    // Empty: made a moment ago, its number not yet written.
    return { dead: pid !== '' && !isAlive(Number(pid)), text: `${pid} ${info.ino} ${info.mtimeMs}` }
  } catch {
    return undefined
  }
}

/** Makes the file with our process id in it; false when it is there. */
async function made(file: string): Promise<boolean> {
  try {
    await writeFile(file, `${process.pid}`, { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}
