import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DjetApp, defineConfig, definePlugin, openConfig, type Plugin, z } from '../../../core/index.ts'
import { createTestSite, type TestSite } from '../../../test/site.ts'
import { users } from '../../users/index.ts'
import { defineJob, defineSchedule, jobmachine, type Schedule } from '../index.ts'

/** A job for schedules; no worker runs it in these tests. */
export const report = defineJob('trial.report', (_djet, { days }) => ({ days }), {
  params: z.object({ days: z.int().min(1) }),
  title: ({ days }) => `Report of ${days} days`,
})

/** Only administrators see and start it, but for bookkeepers. */
export const payroll = defineJob('trial.payroll', () => {}, {
  params: z.object({}),
  access: { see: ['bookkeeper'], start: ['bookkeeper'] },
})

export const nightly = defineSchedule('trial.nightly', {
  job: report,
  params: { days: 1 },
  cron: '0 30 6 * * MON-FRI',
  zone: 'Europe/Rome',
  missed: 'once',
})

/** Plugins of a site with these schedules. */
export function scheduled(schedules: readonly Schedule[]): Plugin[] {
  const trial = definePlugin(() => ({
    name: 'trial',
    requires: ['jobmachine'],
    jobs: [report, payroll],
    schedules,
  }))
  return [users(), jobmachine({ threads: 0 }), trial()]
}

const QUIET = {
  host: '127.0.0.1',
  port: 0,
  timeZone: 'Europe/Copenhagen',
  log: { level: 'silent', file: '-' },
} as const

/** A site with these schedules, on a database of its own. */
export function createScheduleSite(schedules: readonly Schedule[] = [nightly]): Promise<TestSite> {
  return createTestSite({ plugins: scheduled(schedules), config: QUIET })
}

/** The same site once more, as another process opens it, perhaps with other code. */
export async function openAgain(
  site: TestSite,
  schedules: readonly Schedule[] = [nightly],
): Promise<DjetApp> {
  const config = defineConfig({ ...QUIET, plugins: scheduled(schedules) })
  const dir = await mkdtemp(join(tmpdir(), 'djet-test-'))
  return openConfig(config, dir, { databaseUrl: site.databaseUrl, poolSize: 4 })
}

/** A run as the tests look at it. */
export interface Run {
  readonly due: Date
  readonly task_id: number | null
  readonly error: string | null
}

/** Runs of a schedule, oldest first. */
export function runsOf(site: TestSite, name: string): Promise<Run[]> {
  return site.djet.query<Run>(
    `select r.due, r.task_id, r.error from jobmachine.schedule_run r join jobmachine.schedule s using (schedule_id)
     where s.name = $1 order by r.due`,
    [name],
  )
}
