import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

const REPOSITORY = resolve(import.meta.dirname, '../..')

/** The files a document shows: fenced blocks whose first line says ```ts file=plugins/x.ts, by that path. */
export async function filesShownIn(document: string): Promise<Map<string, string>> {
  const text = await readFile(join(REPOSITORY, document), 'utf8')
  const files = new Map<string, string>()
  for (const [, path = '', content = ''] of text.matchAll(/^```\w+ file=(\S+)\n(.*?)^```$/gms)) {
    if (files.has(path)) throw new Error(`${document} shows ${path} twice`)
    files.set(path, content)
  }
  return files
}

/** A folder of a site outside the repository in which `djet` is installed. */
export interface ExampleSite {
  readonly dir: string
  remove(): Promise<void>
}

/**
 * Makes a site of the files a document shows, as its reader would: in a folder elsewhere, with `djet` among its
 * packages.
 *
 * @param more further files by path, which go before those of the document
 */
export async function makeExampleSite(
  document: string,
  more: Readonly<Record<string, string>> = {},
): Promise<ExampleSite> {
  const dir = await mkdtemp(join(tmpdir(), 'djet-example-'))
  const files = new Map([
    ['package.json', '{ "type": "module", "private": true }\n'],
    ...(await filesShownIn(document)),
    ...Object.entries(more),
  ])
  for (const [path, content] of files) {
    await mkdir(dirname(join(dir, path)), { recursive: true })
    await writeFile(join(dir, path), content)
  }
  await mkdir(join(dir, 'node_modules', '@types'), { recursive: true })
  await symlink(REPOSITORY, join(dir, 'node_modules', 'djet'))
  await symlink(
    join(REPOSITORY, 'node_modules', '@types', 'node'),
    join(dir, 'node_modules', '@types', 'node'),
  )
  await symlink(join(REPOSITORY, 'node_modules', 'vitest'), join(dir, 'node_modules', 'vitest'))
  return { dir, remove: () => rm(dir, { recursive: true, force: true }) }
}
