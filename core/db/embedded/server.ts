import { type ChildProcess, spawn } from 'node:child_process'
import { open, readFile, rename, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Logger } from 'pino'
import { DjetError, messageOf } from '../../error.ts'
import { codeOf } from '../connect-error.ts'
import { asAccount, superuser } from './cluster.ts'
import type { Place } from './place.ts'
import { ended, isAlive, processesIn, servesFolder } from './process.ts'

/** A server that runs: its process and its port on 127.0.0.1. */
export interface Running {
  readonly pid: number
  readonly port: number
}

/** The URL of a database of an embedded server. */
export function urlOf(port: number, password: string, database: string): string {
  return `postgres://${superuser}:${password}@127.0.0.1:${port}/${database}`
}

/**
 * The server that runs on the data folder already: another process of this site started it, or it was left over by
 * one that was killed. A pid file whose number is another program's by now is removed, since PostgreSQL itself would
 * take that program for a server and not start; one whose process is gone PostgreSQL handles itself.
 */
export async function findRunning(place: Place, password: string, log: Logger): Promise<Running | undefined> {
  const { file, pid, port } = await pidFile(place)
  const running = { pid, port }
  if (!isAlive(pid)) return undefined
  const ours = servesFolder(running.pid, place.dataDir) ?? (await answers(place, running.port, password))
  if (ours) return running
  log.warn(`removing ${file}: process ${running.pid} is another program, the server was killed`)
  // Its processes notice the end of their server; while one still writes, no other may start.
  for (let tries = 0; tries < 100 && processesIn(place.dataDir).length > 0; tries++) await sleep(100)
  await rm(file, { force: true })
  return undefined
}

/** The port of a server that was killed: other processes of the site may wait for it there. */
export async function lastPort(place: Place): Promise<number | undefined> {
  const { port } = await pidFile(place)
  return port > 0 ? port : undefined
}

async function pidFile(place: Place): Promise<Running & { file: string }> {
  const file = join(place.dataDir, 'postmaster.pid')
  const lines = (await readFile(file, 'utf8').catch(() => '')).split('\n')
  return { file, pid: Number(lines[0]), port: Number(lines[3] ?? 0) }
}

/** Which port a server takes: a wish goes to a free one when it is taken, an order does not. */
export type Port = { readonly wish: number | undefined } | { readonly order: number }

/**
 * Starts a server in a session of its own, so that Ctrl-C at the terminal does not reach it: running tasks end
 * before their database does.
 *
 * @throws EMBEDDED_START with the end of PostgreSQL's log
 */
export async function startServer(
  place: Place,
  password: string,
  wanted: Port,
  logFile: string,
  settings: Readonly<Record<string, string>>,
  log: Logger,
): Promise<Running> {
  let known = 'order' in wanted ? wanted.order : wanted.wish
  for (let tries = 1; ; tries++) {
    const port = known ?? (await freePort())
    const offset = await rotate(logFile)
    const child = await launch(place, port, logFile, settings)
    const pid = child.pid ?? 0
    const isUp = () => child.exitCode === null && child.signalCode === null
    try {
      await waitUntilReady(place, { pid, port }, password, isUp, log)
      return { pid, port }
    } catch (error) {
      if (isUp()) child.kill('SIGQUIT')
      const said = (await readFile(logFile, 'utf8')).slice(offset)
      // Taken by another program in between, or processes of a killed server that are still ending.
      if (tries < 10 && /in use|could not (bind|create any TCP)|already exists/.test(said)) {
        if ('wish' in wanted && /could not (bind|create any TCP)/.test(said)) known = undefined
        await sleep(200 * tries)
        continue
      }
      const detail = said.trim().split('\n').slice(-3).join(' ') || messageOf(error)
      throw new DjetError('EMBEDDED_START', `PostgreSQL did not start: ${detail} (log: ${logFile})`, {
        cause: error,
      })
    }
  }
}

/** Waits until the server takes connections; recovery after a crash may take its time, as long as it is alive. */
export async function waitUntilReady(
  place: Place,
  { port }: Running,
  password: string,
  isUp: () => boolean,
  log: Logger,
): Promise<void> {
  const begun = performance.now()
  let nextNote = 10_000
  for (;;) {
    const refusal = await refusalOf(place, port, password)
    if (refusal === undefined) return
    if (!isUp()) throw refusal
    const waited = performance.now() - begun
    const patient = codeOf(refusal) === '57P03'
    if (!patient && waited > 30_000) throw refusal
    if (waited > nextNote) {
      log.info(`PostgreSQL is not ready yet: ${messageOf(refusal)}`)
      nextNote += 10_000
    }
    await sleep(30)
  }
}

/** Ends a server: connections are closed and data is written; if that takes over 5 s, it is left to recovery. */
export async function stopServer(running: Running, log: Logger): Promise<void> {
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    try {
      process.kill(running.pid, signal)
    } catch {
      return
    }
    if (await ended(running.pid, signal === 'SIGINT' ? 5_000 : 3_000)) return
  }
  log.error(`PostgreSQL (process ${running.pid}) does not stop`)
}

async function launch(
  place: Place,
  port: number,
  logFile: string,
  settings: Readonly<Record<string, string>>,
): Promise<ChildProcess> {
  const all = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    // A socket's path may be 107 bytes long at most; a site's folder may be deeper.
    unix_socket_directories: '',
    max_connections: '200',
    ...settings,
  }
  const out = await open(logFile, 'a', 0o600)
  try {
    const flags = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    const child = spawn(place.program.postgres, ['-D', place.dataDir, ...flags], {
      ...asAccount(place),
      cwd: place.account ? '/' : place.dataDir,
      detached: true,
      stdio: ['ignore', out.fd, out.fd],
      windowsHide: true,
    })
    await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject))
    child.unref()
    return child
  } finally {
    await out.close()
  }
}

async function answers(place: Place, port: number, password: string): Promise<boolean> {
  const refusal = await refusalOf(place, port, password)
  return refusal === undefined || codeOf(refusal) === '57P03'
}

/** Why the server at this port cannot be used now; undefined when it can and serves this data folder. */
async function refusalOf(place: Place, port: number, password: string): Promise<unknown> {
  const client = new pg.Client({
    connectionString: urlOf(port, password, 'postgres'),
    application_name: 'djet-probe',
    connectionTimeoutMillis: 5_000,
  })
  client.on('error', () => {})
  try {
    await client.connect()
    const { rows } = await client.query<{ data_directory: string }>('show data_directory')
    if (rows[0]?.data_directory === place.dataDir) return undefined
    return new Error(`port ${port} belongs to another server`)
  } catch (error) {
    return error
  } finally {
    await client.end().catch(() => {})
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** Keeps the log below 10 MB and one of the past; gives its size. */
async function rotate(logFile: string): Promise<number> {
  const size = (await stat(logFile).catch(() => undefined))?.size ?? 0
  if (size < 10_000_000) return size
  await rename(logFile, `${logFile}.1`)
  return 0
}
