import { execFile } from 'node:child_process'
import { access, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const FOLDER = new URL('../', import.meta.url)

/** The Node.js that the newer peers need, installed with them. */
export const NEWER_NODE = fileURLToPath(new URL('node_modules/node/bin/node', FOLDER))

/**
 * Installs the queues that Djet is compared with, unless the versions wanted are there. The project's own
 * installation does not bring them.
 *
 * @param progress told when something is installed
 * @throws Error when npm cannot
 */
export async function installPeers(progress: (line: string) => void): Promise<void> {
  if (await installed()) return
  progress('installing the queues to compare with: npm ci in bench/queue')
  await promisify(execFile)('npm', ['ci', '--no-audit', '--no-fund'], { cwd: fileURLToPath(FOLDER) })
}

async function installed(): Promise<boolean> {
  const { dependencies } = await json(new URL('package.json', FOLDER))
  try {
    await access(NEWER_NODE)
    for (const [name, wanted] of Object.entries<string>(dependencies)) {
      const { version } = await json(new URL(`node_modules/${name}/package.json`, FOLDER))
      if (!wanted.endsWith(version)) return false
    }
    return true
  } catch {
    return false
  }
}

async function json(file: URL) {
  return JSON.parse(await readFile(file, 'utf8'))
}
