import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { expect, test } from 'vitest'

const REPOSITORY = resolve(import.meta.dirname, '../..')
const guides = (await readdir(join(REPOSITORY, 'docs'))).filter((name) => name.endsWith('.md'))

/** Headings as GitHub makes anchors of them. */
async function anchorsOf(file: string): Promise<Set<string>> {
  const headings = (await readFile(file, 'utf8')).matchAll(/^#+ (.+)$/gm)
  return new Set(
    [...headings].map(([, text = '']) =>
      text
        .toLowerCase()
        .replace(/[^\w\s-]/g, '')
        .trim()
        .replaceAll(' ', '-'),
    ),
  )
}

test.each(['README.md', 'CHANGELOG.md', ...guides.map((name) => `docs/${name}`)])(
  'links of %s lead somewhere',
  async (document) => {
    const file = join(REPOSITORY, document)
    const broken: string[] = []
    for (const [, target = ''] of (await readFile(file, 'utf8')).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue
      const [path = '', anchor] = target.split('#')
      const to = path === '' ? file : resolve(dirname(file), path)
      if (!existsSync(to)) broken.push(target)
      else if (anchor && !(await anchorsOf(to)).has(anchor)) broken.push(target)
    }
    expect(broken).toEqual([])
  },
)
