import { createHash } from 'node:crypto'
import {
  chown,
  lstat,
  mkdir,
  readFile,
  readlink,
  realpath,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import type { Logger } from 'pino'
import { DjetError } from '../../error.ts'
import { type Account, mayEnter, mayRun, unprivilegedAccount } from './account.ts'
import { copyProgram, exists, findProgram, makeOpenFolder, type Program } from './program.ts'

/** Where an embedded server's files are and who runs it. */
export interface Place {
  readonly program: Program
  /** The data folder; it need not be there yet, the folder around it is. */
  readonly dataDir: string
  /** Undefined: our own user. */
  readonly account: Account | undefined
}

/**
 * Chooses where program and data live. Normally that is the npm package's folder and `<var>/postgres`. As root the
 * server runs as another user, who may not be able to get there (a site in root's home): then a copy of the program
 * and the data live in /var/lib/djet, and `<var>/postgres` is a link to the data.
 *
 * @throws EMBEDDED_UNAVAILABLE, EMBEDDED_OWNER
 */
export async function choosePlace(varDir: string, log: Logger): Promise<Place> {
  const found = await findProgram()
  const inVar = join(varDir, 'postgres')
  if (process.getuid?.() !== 0) {
    await checkOwner(inVar)
    return { program: found, dataDir: inVar, account: undefined }
  }
  const account = (await ownerOf(inVar)) ?? (await unprivilegedAccount())
  const program = (await mayRun(account, found.postgres, ['--version']))
    ? found
    : await copyProgram(found, await sharedFolder())
  const linked = await linkedData(inVar)
  if (linked === undefined && (await mayEnter(account, varDir))) {
    return { program, dataDir: inVar, account }
  }
  const home =
    linked !== undefined && (await isOurs(linked, varDir)) ? dirname(linked) : await newHome(varDir, account)
  const dataDir = join(home, 'data')
  if (linked !== dataDir) {
    await rm(inVar, { force: true })
    await symlink(dataDir, inVar)
    log.info(
      `user id ${account.uid}, which PostgreSQL runs as, cannot enter ${varDir}: its data is in ${dataDir}`,
    )
  }
  return { program, dataDir, account }
}

/** A folder of Djet's that other users may enter; in it what sites of root need outside their own folder. */
async function sharedFolder(): Promise<string> {
  for (const folder of ['/var/lib/djet', join(tmpdir(), 'djet')]) {
    const made = await makeOpenFolder(folder).then(
      () => true,
      () => false,
    )
    // In a folder of someone else, programs could be put under our hands.
    if (made && (await stat(folder)).uid === 0) return await realpath(folder)
  }
  throw new DjetError(
    'EMBEDDED_UNAVAILABLE',
    'the embedded PostgreSQL needs a folder that its user may enter, and /var/lib/djet cannot be made. ' +
      'Move the site out of a folder that only root may enter, or let DATABASE_URL name a PostgreSQL server.',
  )
}

/** Never one that is there: it may hold the data of a site that was moved away, or be all that is left of a lost link. */
async function newHome(varDir: string, account: Account): Promise<string> {
  const path = await realpath(varDir)
  const hash = createHash('sha256').update(path).digest('hex').slice(0, 12)
  const name = basename(dirname(path)).replace(/[^A-Za-z0-9_-]/g, '_') || 'site'
  const first = join(await sharedFolder(), `${name}-${hash}`)
  for (let n = 1; ; n++) {
    const home = n === 1 ? first : `${first}-${n}`
    try {
      await mkdir(home, { mode: 0o700 })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue
      throw error
    }
    await chown(home, account.uid, account.gid)
    await writeFile(join(home, 'site'), `${path}\n`)
    return home
  }
}

/**
 * Whether linked data belongs to this site: not when the site's folder was copied, link and all, and the one it was
 * copied from is still there. A site that was moved keeps its data.
 */
async function isOurs(linked: string, varDir: string): Promise<boolean> {
  const path = await realpath(varDir)
  const file = join(dirname(linked), 'site')
  const site = (await readFile(file, 'utf8').catch(() => '')).trim()
  if (site === path) return true
  if (site === '' || (await linkedData(join(site, 'postgres'))) === linked) return false
  await writeFile(file, `${path}\n`)
  return true
}

async function linkedData(path: string): Promise<string | undefined> {
  return await readlink(path).catch(() => undefined)
}

/** Whose the data is when it is there already: a site first run by a normal user, now by root. */
async function ownerOf(dataDir: string): Promise<Account | undefined> {
  const info = await stat(dataDir).catch(() => undefined)
  return info === undefined || info.uid === 0 ? undefined : { uid: info.uid, gid: info.gid }
}

async function checkOwner(dataDir: string): Promise<void> {
  if (process.getuid === undefined) return
  const linked = (await lstat(dataDir).catch(() => undefined))?.isSymbolicLink() ?? false
  if (!linked && !(await exists(dataDir))) return
  const info = await stat(dataDir).catch(() => undefined)
  if (info?.uid === process.getuid()) return
  throw new DjetError(
    'EMBEDDED_OWNER',
    `the database in ${dataDir} belongs to another user (id ${info?.uid ?? 'unknown'}): this site was first started ` +
      'as root. Start it as root again, or move var/ away to begin with an empty database.',
  )
}
