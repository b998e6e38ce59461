import { type ChildProcess, spawn } from 'node:child_process'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { watch } from 'chokidar'
import { pino } from 'pino'
import { loadConfig } from '../config.ts'
import { startEmbedded } from '../db/embedded/start.ts'
import { messageOf } from '../error.ts'
import type { Command } from '../plugin.ts'
import { DJET_FOLDER } from '../render.ts'
import { aborted } from './stop-signal.ts'
import { wordsOf } from './words.ts'

const PROGRAM = fileURLToPath(new URL('../bin/djet.mjs', import.meta.url))

/** Milliseconds of quiet after a change before the site is started anew. */
const SETTLE = 150

/** `djet dev`: serves the site and starts it anew when a source file changes; templates are read anew each time. */
export const dev: Command = {
  usage: 'dev',
  summary: 'serve the site and reload it when a file changes',
  async run({ args, dir, print, signal }) {
    wordsOf('dev', args, {})
    const database = await embeddedFor(dir)
    let child: ChildProcess | undefined
    // Should this process end by itself, since its database is lost, the site ends too.
    process.once('exit', () => child?.kill())
    let turn: Promise<void> = Promise.resolve()
    const restart = (): void => {
      turn = turn.then(async () => {
        await end(child)
        if (signal.aborted) return
        child = spawn(process.execPath, [PROGRAM, '--dir', dir, 'start', '--dev'], {
          stdio: ['ignore', 'inherit', 'inherit'],
          // Out of reach of the terminal's Ctrl-C: it is stopped by us, once.
          detached: true,
          env: { ...process.env, ...(database ? { DATABASE_URL: database.url } : {}) },
        })
      })
    }
    let timer: NodeJS.Timeout | undefined
    const watcher = watch(
      [dir, ...new Set(['core', 'plugins', 'migrations'].map((name) => join(DJET_FOLDER, name)))],
      {
        ignored: (path) => /(^|[/\\])(node_modules|var|\.git)([/\\]|$)/.test(relative(dir, path)),
        ignoreInitial: true,
      },
    )
    watcher.on('all', (_event, path) => {
      if (!/\.(ts|mts|mjs|js|json)$/.test(path)) return
      clearTimeout(timer)
      timer = setTimeout(() => {
        print(`${relative(dir, path)} changed: starting anew`)
        restart()
      }, SETTLE)
    })
    try {
      restart()
      await aborted(signal)
    } finally {
      clearTimeout(timer)
      await watcher.close()
      await turn
      await end(child)
      await database?.stop()
    }
  },
}

/** One embedded server for all restarts, unless the site names a server of its own. */
async function embeddedFor(dir: string): Promise<{ url: string; stop(): Promise<void> } | undefined> {
  try {
    if ((await loadConfig(dir)).database !== undefined) return undefined
  } catch (error) {
    // The child says the same, and a change of the file mends it.
    process.stderr.write(`${messageOf(error)}\n`)
  }
  const varDir = join(dir, 'var')
  return startEmbedded({ dir: varDir, log: pino({ level: 'silent' }) })
}

async function end(child: ChildProcess | undefined): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return
  await new Promise<void>((done) => {
    child.once('exit', () => done())
    child.kill('SIGTERM')
  })
}
