import { rmSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { pino } from 'pino'
import { keptPassword, makeCluster } from '../../core/db/embedded/cluster.ts'
import { choosePlace } from '../../core/db/embedded/place.ts'
import { ended } from '../../core/db/embedded/process.ts'
import { type Running, startServer, stopServer, urlOf } from '../../core/db/embedded/server.ts'

/** How PostgreSQL ends: connections are closed first, or all at once, with recovery at the next start. */
export type Ending = 'fast' | 'immediate'

/** A PostgreSQL of a test's own that it may end and start again at the same port. */
export interface RestartableServer {
  /** URL of its one database. */
  readonly url: string
  readonly port: number
  /** Ends it, and starts it again after so many milliseconds. */
  restart(how: Ending, away?: number): Promise<void>
  /** Ends it for good and removes its data. */
  remove(): Promise<void>
}

/**
 * Starts one. Commits are waited for as in earnest; only the disk is not, since it is processes that are killed here,
 * not machines.
 */
export async function startRestartable(
  settings: Readonly<Record<string, string>> = {},
): Promise<RestartableServer> {
  const log = pino({ level: 'silent' })
  const dir = await mkdtemp(join(tmpdir(), 'djet-chaos-'))
  // As root, PostgreSQL runs as another user, who shall reach it there.
  await chmod(dir, 0o755)
  const varDir = join(dir, 'var')
  await mkdir(varDir)
  const place = await choosePlace(varDir, log)
  const { password } = await keptPassword(join(varDir, 'postgres.password'))
  await makeCluster(place, password, false)
  const all = { fsync: 'off', full_page_writes: 'off', max_connections: '200', ...settings }
  const start = (port: number | undefined): Promise<Running> =>
    startServer(
      place,
      password,
      port === undefined ? { wish: undefined } : { order: port },
      join(varDir, 'postgres.log'),
      all,
      log,
    )
  let running = await start(undefined)
  const onExit = (): void => {
    process.kill(running.pid, 'SIGQUIT')
    rmSync(dir, { recursive: true, force: true, maxRetries: 10 })
  }
  process.once('exit', onExit)
  const { port } = running
  const client = new pg.Client({ connectionString: urlOf(port, password, 'postgres') })
  await client.connect()
  await client.query('create database chaos')
  await client.end()
  return {
    url: urlOf(port, password, 'chaos'),
    port,
    async restart(how, away = 0) {
      process.kill(running.pid, how === 'fast' ? 'SIGINT' : 'SIGQUIT')
      if (!(await ended(running.pid, 20_000))) throw new Error('PostgreSQL does not end')
      if (away > 0) await new Promise((resolve) => setTimeout(resolve, away))
      running = await start(port)
    },
    async remove() {
      process.off('exit', onExit)
      await stopServer(running, log)
      await rm(dir, { recursive: true, force: true })
    },
  }
}
