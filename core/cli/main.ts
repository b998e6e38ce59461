import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { loadConfig } from '../config.ts'
import type { DjetApp } from '../djet.ts'
import { DjetError, didYouMean, messageOf } from '../error.ts'
import { openSite } from '../open-site.ts'
import type { Command } from '../plugin.ts'
import { orderPlugins } from '../registry.ts'
import { dev } from './dev.ts'
import { migrate } from './migrate.ts'
import { openapi } from './openapi.ts'
import { seed } from './seed.ts'
import { start } from './start.ts'
import { stopSignal } from './stop-signal.ts'

const CORE: Readonly<Record<string, Command>> = { start, dev, migrate, seed, openapi }

/** Column in which `djet --help` says what a command does. */
const BESIDE = 28

/** Runs one command of the `djet` program; the process ends with status 0, or 1 and one clear message. */
export async function main(args: readonly string[]): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', unlessNobodyReads)
  try {
    await run(args)
    process.exitCode = 0
  } catch (error) {
    process.exitCode = 1
    process.stderr.write(`djet: ${messageOf(error)}\n`)
    if (process.env.DJET_DEBUG && error instanceof Error) process.stderr.write(`${error.stack}\n`)
    else if (!(error instanceof DjetError)) process.stderr.write('(DJET_DEBUG=1 shows where it happened.)\n')
  }
  // A command is over when it returns, whatever timers a library has left behind.
  process.exit()
}

async function run(args: readonly string[]): Promise<void> {
  const { dir, name, rest } = split(args)
  if (name === undefined || name === 'help') return print(await help(dir))
  const command = CORE[name] ?? (await pluginCommands(dir))[name]
  if (!command) {
    const known = [...Object.keys(CORE), ...Object.keys(await pluginCommands(dir))]
    throw new DjetError(
      'COMMAND_UNKNOWN',
      `there is no command '${name}'.${didYouMean(name, known)} See djet --help.`,
    )
  }
  if (rest.includes('--help')) return print(`djet ${command.usage}\n  ${command.summary}`)
  const opened: DjetApp[] = []
  const stopping = stopSignal()
  try {
    await command.run({
      args: rest,
      dir,
      signal: stopping.signal,
      print,
      open: async () => {
        const app = await openSite(dir, {
          applicationName: `djet-${name}/${process.pid}`,
          origin: { door: 'cli', via: `djet ${name}` },
        })
        opened.push(app)
        await app.prepare()
        return app
      },
    })
  } finally {
    for (const app of opened) await app.stop()
    stopping.dispose()
  }
}

/** `djet [--dir folder] <command> …`: what stands before the command is ours, the rest the command's. */
function split(args: readonly string[]): { dir: string; name: string | undefined; rest: string[] } {
  const at = args.findIndex((arg, i) => !arg.startsWith('-') && args[i - 1] !== '--dir')
  const before = at === -1 ? args : args.slice(0, at)
  const { values } = parseOptions(before)
  const dir = resolve(values.dir ?? '.')
  if (values.help) return { dir, name: 'help', rest: [] }
  return { dir, name: at === -1 ? undefined : args[at], rest: at === -1 ? [] : args.slice(at + 1) }
}

function parseOptions(args: readonly string[]) {
  const options = { dir: { type: 'string' }, help: { type: 'boolean', short: 'h' } } as const
  try {
    return parseArgs({ args: [...args], options })
  } catch (error) {
    throw new DjetError('OPTION_UNKNOWN', `${messageOf(error).replace(/\.?$/, '.')} See djet --help.`)
  }
}

async function pluginCommands(dir: string): Promise<Record<string, Command>> {
  const config = await loadConfig(dir)
  return Object.assign({}, ...orderPlugins(config.plugins).map((plugin) => plugin.commands ?? {}))
}

async function help(dir: string): Promise<string> {
  const plugins = await pluginCommands(dir).catch(() => ({}))
  const lines = Object.values({ ...CORE, ...plugins }).map(({ usage, summary }) => {
    const begin = `  djet ${usage}`
    return begin.length < BESIDE
      ? begin.padEnd(BESIDE) + summary
      : `${begin}\n${' '.repeat(BESIDE)}${summary}`
  })
  return ['Usage: djet [--dir <folder of the site>] <command>', '', ...lines].join('\n')
}

/** `djet openapi | head`: whoever read has gone, and the rest of the output goes nowhere. */
function unlessNobodyReads(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
