import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Folder of Djet. */
export const DJET = fileURLToPath(new URL('..', import.meta.url))

/** A site in a folder outside Djet's own, which finds Djet as a package. */
export interface SiteFolder {
  readonly dir: string
  remove(): Promise<void>
}

/**
 * Makes the folder of a site.
 *
 * @param files texts by path; `djet.config.ts` among them
 */
export async function siteFolder(files: Readonly<Record<string, string>>): Promise<SiteFolder> {
  const dir = await mkdtemp(join(tmpdir(), 'djet-site-'))
  await mkdir(join(dir, 'node_modules'))
  await symlink(DJET, join(dir, 'node_modules', 'djet'))
  const all = { 'package.json': '{ "type": "module" }', ...files }
  for (const [path, text] of Object.entries(all)) {
    await mkdir(dirname(join(dir, path)), { recursive: true })
    await writeFile(join(dir, path), text)
  }
  return { dir, remove: () => rm(dir, { recursive: true, force: true }) }
}

/** How a program ended and what it said. */
export interface Ended {
  /** Exit status; null: killed. */
  readonly status: number | null
  readonly out: string
  readonly err: string
}

/** The program `djet`, running. */
export class Program {
  out = ''
  err = ''
  readonly ended: Promise<Ended>
  readonly #child: ChildProcess

  /** @param env beside this process's own */
  constructor(dir: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.#child = spawn(process.execPath, [join(DJET, 'core/bin/djet.mjs'), ...args], {
      cwd: dir,
      env: { ...process.env, PORT: '0', DATABASE_URL: '', VITEST: undefined, NODE_ENV: undefined, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.out += text
    })
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.err += text
    })
    this.ended = new Promise((resolve) => {
      this.#child.once('close', (status) => resolve({ status, out: this.out, err: this.err }))
    })
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** Waits for a text in what it prints; @throws when it ends before. */
  async says(text: RegExp): Promise<RegExpExecArray> {
    const found = await Promise.race([
      this.ended.then(() => undefined),
      new Promise<RegExpExecArray>((resolve) => {
        const look = (): void => {
          const match = text.exec(this.out)
          if (match) resolve(match)
        }
        this.#child.stdout?.on('data', look)
        look()
      }),
    ])
    const match = found ?? text.exec(this.out)
    if (match) return match
    throw new Error(`the program ended without saying ${text}:\n${this.out}\n${this.err}`)
  }

  /** Sends a signal and waits for the end. */
  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
    this.#child.kill(signal)
    return this.ended
  }
}

/** Runs `djet` to its end. */
export function djet(dir: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return new Program(dir, args, env).ended
}
