import type { Command, Djet } from '../../../core/index.ts'
import { DjetError } from '../../../core/index.ts'
import { jobsOf } from '../registry.ts'
import { listSchedules, type ScheduleLine } from './list.ts'
import { enableSchedule, lockSchedule, removeSchedule, runSchedule, scheduleByName } from './model.ts'

/** `djet schedule`: the schedules of a site from the command line. */
export const scheduleCommand: Command = {
  summary: 'list the schedules; run, pause, resume or delete one',
  usage: 'schedule list | schedule run|pause|resume|delete <name>',
  async run(context) {
    const [verb, name, ...rest] = context.args
    if (verb === 'list' && name === undefined) {
      const djet = (await context.open()).scope()
      let after: string | undefined
      let none = true
      do {
        const page = await listSchedules(djet, after === undefined ? {} : { after })
        for (const line of page.schedules) context.print(lineOf(line))
        none &&= page.schedules.length === 0
        after = page.next ?? undefined
      } while (after !== undefined)
      if (none) context.print('no schedules')
      return
    }
    const act = verb !== undefined && Object.hasOwn(ACTS, verb) ? ACTS[verb] : undefined
    if (act && name !== undefined && rest.length === 0) {
      const djet = (await context.open()).scope()
      context.print(await act(djet, await scheduleByName(djet, name)))
      return
    }
    throw new DjetError(
      'USAGE',
      `say 'list', or what to do and the name of a schedule.\nUsage: djet ${scheduleCommand.usage}`,
    )
  },
}

/** What is done with one schedule, by its id; each gives the line to print. */
const ACTS: Readonly<Record<string, (djet: Djet, id: number) => Promise<string>>> = {
  async run(djet, id) {
    const task = await runSchedule(djet, id)
    return `task ${task.id} sent: ${task.url}`
  },
  async pause(djet, id) {
    await enableSchedule(djet, id, false)
    return 'the schedule is paused'
  },
  async resume(djet, id) {
    await enableSchedule(djet, id, true)
    const { job } = await lockSchedule(djet, id)
    return jobsOf(djet.app).has(job)
      ? 'the schedule runs again, from now on'
      : `the schedule is on again, but it sends nothing: no plugin brings job ${job}`
  },
  async delete(djet, id) {
    await removeSchedule(djet, id)
    return 'the schedule is deleted; its tasks stay'
  },
}

function lineOf({ name, job, words, zone, enabled, gone, known, nextDue }: ScheduleLine): string {
  const next = known ? `next ${nextDue?.toISOString() ?? 'never'}` : 'its job is unknown'
  const state = gone ? 'its code is gone' : enabled ? next : 'paused'
  return `${name}: ${job}, ${words} (${zone}), ${state}`
}
