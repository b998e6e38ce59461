import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { DJET } from './program.ts'

/** Packages that a folder's sources import, tests left out. */
async function importedBy(folder: string): Promise<Set<string>> {
  const files = await readdir(join(DJET, folder), { recursive: true })
  const sources = files.filter((file) => /\.m?ts$/.test(file) && !/(^|\/)test\//.test(file))
  const texts = await Promise.all(sources.map((file) => readFile(join(DJET, folder, file), 'utf8')))
  const names = texts.flatMap((text) => [...text.matchAll(/^(?:import|export) [^;]*?from '([^'.][^']*)'/gm)])
  return new Set(
    names.flatMap(([, name = '']) =>
      name.startsWith('node:') ? [] : (/^(@[^/]+\/)?[^/]+/.exec(name) ?? []).slice(0, 1),
    ),
  )
}

test('a site that installs the package gets all that its sources import, with the types', async () => {
  const { dependencies, devDependencies } = JSON.parse(await readFile(join(DJET, 'package.json'), 'utf8'))
  const folders = await Promise.all(['core', 'plugins', 'migrations', 'sample'].map(importedBy))
  const imported = [...new Set(folders.flatMap((names) => [...names]))].sort()
  expect(imported).toContain('pg-copy-streams')
  expect(imported.filter((name) => name !== 'djet' && !(name in dependencies))).toEqual([])
  // Its TypeScript is checked with the site's own.
  expect(imported.filter((name) => `@types/${name}` in devDependencies)).toEqual([])
})
