import type { Command } from '../../../core/index.ts'
import { DjetError } from '../../../core/index.ts'
import { listSchedules, type ScheduleLine } from './list.ts'
import { runSchedule, scheduleByName } from './model.ts'

/** `djet schedule`: the schedules of a site from the command line. */
export const scheduleCommand: Command = {
  summary: 'list the schedules, or run one now',
  usage: 'schedule list | schedule run <name>',
  async run(context) {
    const [verb, name, ...rest] = context.args
    if (verb === 'list' && name === undefined) {
      const djet = (await context.open()).scope()
      let after: string | undefined
      do {
        const page = await listSchedules(djet, after === undefined ? {} : { after })
        for (const line of page.schedules) context.print(lineOf(line))
        after = page.next ?? undefined
      } while (after !== undefined)
      return
    }
    if (verb === 'run' && name !== undefined && rest.length === 0) {
      const djet = (await context.open()).scope()
      const task = await runSchedule(djet, await scheduleByName(djet, name))
      context.print(`task ${task.id} sent: ${task.url}`)
      return
    }
    throw new DjetError(
      'USAGE',
      `say 'list', or 'run' and the name of a schedule.\nUsage: djet ${scheduleCommand.usage}`,
    )
  },
}

function lineOf({ name, job, words, zone, enabled, gone, nextDue }: ScheduleLine): string {
  const state = gone ? 'its code is gone' : enabled ? `next ${nextDue?.toISOString() ?? 'never'}` : 'paused'
  return `${name}: ${job}, ${words} (${zone}), ${state}`
}
