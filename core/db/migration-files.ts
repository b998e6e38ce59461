import { readdir } from 'node:fs/promises'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Knex } from 'knex'
import { DjetError, messageOf } from '../error.ts'

/** One file of a `migrations/` folder. */
export interface MigrationFile {
  readonly plugin: string
  /** Without ending, so that a compiled one is the same migration: `0001_core`. */
  readonly name: string
  /** With ending. */
  readonly file: string
  readonly url: URL
}

/** What a migration exports. */
export interface Migration {
  up(knex: Knex): Promise<void>
  down(knex: Knex): Promise<void>
}

const pattern = /^(\d{4}_[a-z0-9_-]+)\.(ts|mjs|js)$/

/**
 * The migrations in a folder (`NNNN_name.ts`, `.mjs` or `.js`) in their order; none when there is no folder.
 *
 * @throws MIGRATION_DUPLICATE when two have the same number: their order would be chance; MIGRATION_NAME for one that begins
 * with a digit and is called otherwise
 */
export async function migrationFiles(plugin: string, folder: URL): Promise<MigrationFile[]> {
  const path = fileURLToPath(folder)
  const names = await readdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  const base = folder.href.endsWith('/') ? folder : new URL(`${folder.href}/`)
  const files: MigrationFile[] = []
  for (const file of names.sort()) {
    const name = pattern.exec(file)?.[1]
    if (file.endsWith('.d.ts')) continue
    if (name === undefined && /^\d.*\.(ts|mjs|js)$/.test(file)) {
      throw new DjetError(
        'MIGRATION_NAME',
        `${file} in ${path} would never be run: a migration is called like 0001_name.ts, in small letters.`,
      )
    }
    if (name === undefined) continue
    const last = files.at(-1)
    if (last !== undefined && last.name.slice(0, 4) === name.slice(0, 4)) {
      throw new DjetError(
        'MIGRATION_DUPLICATE',
        `'${plugin}' has two migrations of one number: ${last.file} and ${basename(file)} in ${path}. Rename or remove one.`,
      )
    }
    files.push({ plugin, name, file, url: new URL(encodeURIComponent(file), base) })
  }
  return files
}

/**
 * Loads a migration.
 *
 * @throws MIGRATION_FAILED when it cannot be loaded or lacks `up` or `down`
 */
export async function loadMigration({ plugin, file, url }: MigrationFile): Promise<Migration> {
  try {
    const { up, down } = (await import(url.href)) as Partial<Migration>
    if (typeof up !== 'function' || typeof down !== 'function') throw new Error('it must export up and down')
    return { up, down }
  } catch (cause) {
    throw new DjetError(
      'MIGRATION_FAILED',
      `migration ${file} of '${plugin}' cannot be loaded: ${messageOf(cause)}`,
      {
        cause,
      },
    )
  }
}
