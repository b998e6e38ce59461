import { z } from 'zod'
import { DjetError, didYouMean } from '../../core/index.ts'
import type { Duration } from './duration.ts'
import { milliseconds } from './duration.ts'
import { type Retention, type RetentionPolicy, retentionOf } from './kept.ts'

/** What `jobmachine({ … })` takes in `djet.config.ts`. */
export interface JobmachineOptions {
  /** Worker threads beside the web server; 2 when absent, 0 for none. */
  threads?: number
  /** Tasks one thread runs at the same time; 4 when absent. */
  concurrency?: number
  /**
   * Whether a thread claims quick tasks ahead and writes their ends together, up to a thousand; true when absent.
   * `false`: each task is claimed when it can start and ended by itself, with a database connection for each.
   */
  prefetch?: boolean
  /**
   * How far worker threads beside the web server step back for it when both want the processor: 0 (not at all) to
   * 19, as the command `nice` counts; 10 when absent. Linux only. `djet work` takes no notice.
   */
  nice?: number
  /** How long running tasks may go on at shutdown; `6s` when absent. */
  grace?: Duration
  /**
   * How long finished and failed tasks are kept unless their job says otherwise; `30d` when absent, and by how they
   * ended: `{ finished: '7d', failed: '90d' }`.
   */
  retention?: RetentionPolicy
  /** Where the jobs page is made when the site is set up; `/jobs` when absent. */
  path?: string
  /** Who sends `Authorization: Bearer <token>` reads `/jobs/metrics`; at least 16 characters. */
  metricsToken?: string
  /** How long the oldest task may be due before `/jobs/health` answers 503; `1h` when absent. */
  maxWait?: Duration
}

/** The options with every default filled in. */
export interface Settings {
  readonly threads: number
  readonly concurrency: number
  readonly prefetch: boolean
  readonly nice: number
  /** Milliseconds. */
  readonly grace: number
  readonly retention: Retention
  readonly path: string
  readonly metricsToken: string | undefined
  /** Milliseconds. */
  readonly maxWait: number
}

/** 30 days, in milliseconds. */
export const DEFAULT_RETENTION = 30 * 86_400_000

const schema = z.strictObject({
  threads: z.int().min(0).max(64).default(2),
  concurrency: z.int().min(1).max(200).default(4),
  prefetch: z.boolean().default(true),
  nice: z.int().min(0).max(19).default(10),
  grace: z.string().default('6s'),
  retention: z.union([z.string(), z.record(z.string(), z.string())]).default('30d'),
  path: z
    .string()
    .regex(/^(\/[^/\s]+)+$/, "must be a path like '/jobs'")
    .default('/jobs'),
  metricsToken: z
    .string()
    .min(16)
    .regex(/^(?!djet_)\S+$/, "must be one word that does not begin with 'djet_'")
    .optional(),
  maxWait: z.string().default('1h'),
})

/**
 * Checks and completes the options.
 * @throws {DjetError} JOBMACHINE_OPTIONS, DURATION_INVALID
 */
export function checkOptions(options: JobmachineOptions): Settings {
  const result = schema.safeParse(options)
  if (!result.success) {
    const lines = result.error.issues.map((issue) =>
      issue.code === 'unrecognized_keys'
        ? `unknown option '${issue.keys[0]}'.${didYouMean(issue.keys[0] ?? '', Object.keys(schema.shape))}`
        : `option '${issue.path.join('.')}': ${issue.message}.`,
    )
    throw new DjetError('JOBMACHINE_OPTIONS', `jobmachine(): ${lines.join(' ')}`)
  }
  return Object.freeze({
    ...result.data,
    metricsToken: result.data.metricsToken,
    maxWait: milliseconds(result.data.maxWait, "option 'maxWait' of jobmachine()"),
    grace: milliseconds(result.data.grace, "option 'grace' of jobmachine()"),
    retention: retentionOf(result.data.retention as RetentionPolicy, 'jobmachine()'),
  })
}
