import { execFile, spawn } from 'node:child_process'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'

export interface Pooler {
  /** `PgBouncer 1.18.0` */
  readonly version: string
  /** The same database, through it. */
  url(databaseUrl: string): string
  stop(): Promise<void>
}

/** Where distributions put it, which need not be where a user's programs are looked for. */
const ENV = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` }

/** Its version; undefined when it is not installed. */
export async function pgbouncerVersion(): Promise<string | undefined> {
  const { stdout } = await promisify(execFile)('pgbouncer', ['--version'], { env: ENV }).catch(() => ({
    stdout: '',
  }))
  return stdout.split('\n')[0] || undefined
}

/** Starts PgBouncer in front of a server, with few connections to it, so that they are shared. */
export async function startPgbouncer(databaseUrl: string, mode: 'transaction' | 'session'): Promise<Pooler> {
  const { hostname, port, username, password } = new URL(databaseUrl)
  const dir = await mkdtemp(join(tmpdir(), 'djet-pgbouncer-'))
  const own = await freePort()
  const users = join(dir, 'users.txt')
  const settings = join(dir, 'pgbouncer.ini')
  await writeFile(users, `"${decodeURIComponent(username)}" "${decodeURIComponent(password)}"\n`)
  await writeFile(
    settings,
    `[databases]
* = host=${hostname} port=${port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${own}
unix_socket_dir =
auth_type = plain
auth_file = ${users}
pool_mode = ${mode}
default_pool_size = 8
max_client_conn = 200
ignore_startup_parameters = extra_float_digits
`,
  )
  // It refuses to run as root.
  const isRoot = process.getuid?.() === 0
  await chmod(dir, 0o755)
  const child = spawn('pgbouncer', [...(isRoot ? ['-u', 'nobody'] : []), settings], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: ENV,
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const ended = new Promise((resolve) => child.once('close', resolve))
  const url = (of: string): string => {
    const changed = new URL(of)
    changed.hostname = '127.0.0.1'
    changed.port = String(own)
    return changed.href
  }
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended
    await rm(dir, { recursive: true, force: true })
  }
  for (let tries = 0; ; tries++) {
    const client = new pg.Client({ connectionString: url(databaseUrl) })
    try {
      await client.connect()
      await client.end()
      return { version: (await pgbouncerVersion()) ?? '', url, stop }
    } catch (error) {
      if (tries < 50 && child.exitCode === null) {
        await new Promise((resolve) => setTimeout(resolve, 100))
        continue
      }
      await stop()
      throw new Error(`PgBouncer did not start: ${said}`, { cause: error })
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}
