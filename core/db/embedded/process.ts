import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** Whether a process runs: one that has ended but was not yet reaped by its parent does not. */
export function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    // EPERM: there, but someone else's.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  try {
    const status = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return !/^[ZX]/.test(status.slice(status.lastIndexOf(')') + 2))
  } catch {
    return true
  }
}

/**
 * Whether a process is a PostgreSQL server on a data folder; undefined where the system does not tell. It works in
 * its folder wherever that was moved to; where we may not look (root in a container), its command line names it.
 */
export function servesFolder(pid: number, dataDir: string): boolean | undefined {
  try {
    return worksIn(pid, dataDir) ?? readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(dataDir)
  } catch {
    return hasProc() ? false : undefined
  }
}

function worksBelow(pid: number, folder: string): boolean {
  const at = workplace(pid)
  return at === folder || (at?.startsWith(`${folder}/`) ?? false)
}

function worksIn(pid: number, folder: string): boolean | undefined {
  const at = workplace(pid)
  return at === undefined ? undefined : at === folder
}

function workplace(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return undefined
  }
}

/** Ids of all processes that work in a folder or below it; none where the system does not tell. */
export function processesIn(folder: string): number[] {
  if (!hasProc()) return []
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && worksBelow(pid, folder) && isAlive(pid))
}

/** Kills all processes that work in a folder or below it, and those they start meanwhile; waits 5 s at most. */
export async function killProcessesIn(folder: string): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const pids = processesIn(folder)
    if (pids.length === 0) return
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It has ended by itself.
      }
    }
    await sleep(50)
  }
}

/** Waits until a process has ended, at most some milliseconds; whether it has. */
export async function ended(pid: number, milliseconds: number): Promise<boolean> {
  const until = performance.now() + milliseconds
  while (isAlive(pid)) {
    if (performance.now() > until) return false
    await sleep(20)
  }
  return true
}

function hasProc(): boolean {
  try {
    readlinkSync('/proc/self/cwd')
    return true
  } catch {
    return false
  }
}
