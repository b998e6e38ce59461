import { parseArgs } from 'node:util'
import type { Command, CommandContext } from '../../core/index.ts'
import { DjetError, messageOf } from '../../core/index.ts'
import type { Settings } from './options.ts'
import { startMachine } from './process.ts'
import { FOLD_LOCK, recount } from './queue/tally.ts'
import { sendByName } from './send.ts'
import { statusWord } from './status.ts'
import { waitFor } from './wait.ts'

type Options = NonNullable<Parameters<typeof parseArgs>[0]>['options']

/** Words and options of a command line. @throws {DjetError} USAGE */
function read<const O extends NonNullable<Options>>({ args }: CommandContext, usage: string, options: O) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true })
  } catch (error) {
    throw new DjetError('USAGE', `${messageOf(error)}\nUsage: djet ${usage}`, { cause: error })
  }
}

/** `djet work`: only worker threads, no web server. */
export function workCommand(settings: Settings): Command {
  const usage = 'work [--threads <n>] [--classes <a,b>]'
  return {
    summary: 'run worker threads without a web server, on any machine that reaches the database',
    usage,
    async run(context) {
      const { values, positionals } = read(context, usage, {
        threads: { type: 'string' },
        classes: { type: 'string' },
      })
      const threads = values.threads === undefined ? Math.max(settings.threads, 1) : Number(values.threads)
      if (!Number.isInteger(threads) || threads < 1 || threads > 64 || positionals.length > 0) {
        throw new DjetError('USAGE', `--threads must be a whole number from 1 to 64.\nUsage: djet ${usage}`)
      }
      const classes = values.classes?.split(',').map((name) => name.trim())
      const app = await context.open()
      const stop = await startMachine(app, {
        ...settings,
        nice: 0,
        threads,
        classes: classes?.filter(Boolean),
      })
      context.print(`${threads} worker ${threads === 1 ? 'thread runs' : 'threads run'}. Ctrl-C stops them.`)
      if (!context.signal.aborted) {
        await new Promise((resolve) => context.signal.addEventListener('abort', resolve, { once: true }))
      }
      await stop()
    },
  }
}

/** `djet send`: one task from the command line. */
export const sendCommand: Command = {
  summary: 'send a task, e.g. djet send jobmachine.echo \'{"hello":"world"}\' --wait',
  usage: 'send <class> <json> [--title <text>] [--wait]',
  async run(context) {
    const { values, positionals } = read(context, sendCommand.usage, {
      title: { type: 'string' },
      wait: { type: 'boolean' },
    })
    const [name, json = '{}', ...rest] = positionals
    if (name === undefined || rest.length > 0) {
      throw new DjetError(
        'USAGE',
        `name a class and give its parameters as one JSON text.\nUsage: djet ${sendCommand.usage}`,
      )
    }
    const app = await context.open()
    const djet = app.scope()
    const title = values.title === undefined ? {} : { title: values.title }
    const task = await djet.transaction(async (djet) => {
      const task = await sendByName(djet, name, json, { ...title, reply: values.wait ?? false })
      await djet.audit({
        action: 'jobmachine.start',
        subject: `task ${task.id}`,
        data: { class: name, ...title },
      })
      return task
    })
    context.print(`task ${task.id} sent: ${task.url}`)
    if (!values.wait) return
    const outcome = await waitFor(djet, task.id, { timeout: '1d', signal: context.signal })
    for (const result of outcome.results) context.print(JSON.stringify(result))
    if (outcome.status === 'failed') {
      throw new DjetError('TASK_FAILED', `task ${task.id} failed: ${outcome.error ?? 'without a message'}`)
    }
    context.print(`task ${task.id} finished`)
  },
}

/** `djet jobs recount`: puts the counters of the jobs page right. */
export const jobsCommand: Command = {
  summary: 'count all tasks and put the counters of the jobs page right',
  usage: 'jobs recount',
  async run(context) {
    const { positionals } = read(context, jobsCommand.usage, {})
    if (positionals.join(' ') !== 'recount') {
      throw new DjetError('USAGE', `Usage: djet ${jobsCommand.usage}`)
    }
    const app = await context.open()
    const drifts = await app.database.transaction(async (tx) => {
      await tx.query('select pg_advisory_xact_lock($1, $2)', [...FOLD_LOCK])
      return recount(tx)
    })
    for (const { class: name, status, was, now } of drifts)
      context.print(`${name}, ${statusWord(status)}: ${now} instead of ${was}`)
    context.print(drifts.length === 0 ? 'all counters are right' : `${drifts.length} counters put right`)
  },
}
