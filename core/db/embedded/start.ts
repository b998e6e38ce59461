import { access, constants, mkdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { DjetError, messageOf } from '../../error.ts'
import { checkVersion, keptPassword, makeCluster, setPassword, superuser } from './cluster.ts'
import { Keeper } from './keeper.ts'
import { withLock } from './lock.ts'
import { choosePlace, type Place } from './place.ts'
import { Presence } from './presence.ts'
import { isAlive } from './process.ts'
import {
  findRunning,
  lastPort,
  type Port,
  type Running,
  startServer,
  stopServer,
  urlOf,
  waitUntilReady,
} from './server.ts'

export interface EmbeddedOptions {
  /** The site's `var` folder; made when missing. */
  readonly dir: string
  readonly log: Logger
  /** Parameters of the server beside Djet's own, e.g. `{ fsync: 'off' }` for tests. */
  readonly settings?: Readonly<Record<string, string>>
  /**
   * Hears when the server has ended by itself and cannot be started again. When absent, the process ends with
   * status 1 and the message, since nothing works any more.
   */
  readonly onLost?: (error: DjetError) => void
}

/** A PostgreSQL server of the site's own. */
export interface Embedded {
  /** URL of its database `djet`. */
  readonly url: string
  readonly dataDir: string
  /** Process id of the server; another one after it was started again. */
  readonly pid: number
  /** Ends the server, unless another process of the site uses it. Safe to call twice. */
  stop(): Promise<void>
}

/**
 * Starts the embedded PostgreSQL of a site, or joins it when it runs: started by another process of the site, or
 * left over by one that was killed. The last process to stop ends it. Should it end by itself, it is started again
 * at the same URL.
 *
 * In `dir`: `postgres/` (the data, or a link to it), `postgres.password`, `postgres.log`, `postgres.lock`.
 *
 * @example
 * const server = await startEmbedded({ dir: join(site, 'var'), log })
 * const database = await Database.open({ url: server.url, log })
 * …
 * await database.close()
 * await server.stop()
 * @throws EMBEDDED_UNAVAILABLE, EMBEDDED_OWNER, EMBEDDED_VERSION, EMBEDDED_INIT, EMBEDDED_START
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const { log } = options
  const dir = await prepared(options.dir)
  const lockFile = join(dir, 'postgres.lock')
  return await withLock(lockFile, async () => {
    const place = await choosePlace(dir, log)
    const { password, isNew } = await keptPassword(join(dir, 'postgres.password'))
    const settings = options.settings ?? {}
    const isMade = await makeCluster(place, password, settings.fsync !== 'off')
    await checkVersion(place)
    let running = await findRunning(place, password, log)
    // The password's file was lost: a new one can be set only while the server is down.
    const isLost = isNew && !isMade
    if (running !== undefined && (isLost || !(await joined(place, running, password, log)))) {
      await stopServer(running, log)
      running = undefined
    }
    if (running === undefined && isLost) await setPassword(place, password)
    const start: Start = (port) =>
      startServer(place, password, port, join(dir, 'postgres.log'), settings, log)
    running ??= await start({ wish: await lastPort(place) })
    const presence = await Presence.begin(urlOf(running.port, password, 'postgres'), log)
    await presence.makeDatabase(superuser)
    return embedded({ ...options, place, running, password, presence, lockFile, start })
  })
}

type Start = (port: Port) => Promise<Running>

interface Parts extends EmbeddedOptions {
  readonly place: Place
  readonly running: Running
  readonly password: string
  readonly presence: Presence
  readonly lockFile: string
  readonly start: Start
}

function embedded({ place, running, password, presence, lockFile, start, log, onLost }: Parts): Embedded {
  const { port } = running
  const revive = async (old: Running): Promise<Running> => {
    if (keeper.over) return old
    const found = await findRunning(place, password, log)
    if (found === undefined) return await start({ order: port })
    if (found.port === port && (await joined(place, found, password, log))) return found
    throw new DjetError('EMBEDDED_START', `another PostgreSQL serves ${place.dataDir}, on port ${found.port}`)
  }
  const keeper = new Keeper(running, {
    revive: (old) => withLock(lockFile, () => revive(old)),
    onLost: onLost ?? endProcess,
    log,
  })
  let stopped: Promise<void> | undefined
  const stop = async () => {
    if (!(await presence.end())) await stopServer(keeper.running, log)
  }
  return {
    url: urlOf(port, password, superuser),
    dataDir: place.dataDir,
    get pid() {
      return keeper.running.pid
    },
    stop() {
      keeper.end()
      stopped ??= withLock(lockFile, stop)
      return stopped
    },
  }
}

function endProcess(error: DjetError): void {
  process.stderr.write(`djet: ${error.message}\n`)
  process.exit(1)
}

/** Whether the server that runs can be used; one that is shutting down is waited for. */
async function joined(place: Place, running: Running, password: string, log: Logger): Promise<boolean> {
  try {
    await waitUntilReady(place, running, password, () => isAlive(running.pid), log)
    log.debug(`using the PostgreSQL that runs already (process ${running.pid})`)
    return true
  } catch (error) {
    log.debug(`the PostgreSQL that runs (process ${running.pid}) cannot be used: ${messageOf(error)}`)
    return false
  }
}

async function prepared(dir: string): Promise<string> {
  try {
    await mkdir(dir, { recursive: true })
    await access(dir, constants.R_OK | constants.W_OK | constants.X_OK)
    return await realpath(dir)
  } catch (cause) {
    throw new DjetError(
      'EMBEDDED_OWNER',
      `the embedded PostgreSQL cannot keep its data in ${dir}: ${messageOf(cause)}. ` +
        'Start Djet as the user the folder belongs to, or let DATABASE_URL name a PostgreSQL server.',
      { cause },
    )
  }
}
