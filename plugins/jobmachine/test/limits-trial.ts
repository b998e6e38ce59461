import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { type Djet, definePlugin } from '../../../core/index.ts'
import { defineJob } from '../index.ts'

async function noted(djet: Djet, { who, ms }: { who: string; ms: number }): Promise<void> {
  await djet.query('insert into trial_run (class, who, began) values ($1, $2, clock_timestamp())', [
    djet.task!.class,
    who,
  ])
  await sleep(ms)
  await djet.query(
    'update trial_run set ended = clock_timestamp() where class = $1 and who = $2 and ended is null',
    [djet.task!.class, who],
  )
}

const params = z.object({ who: z.string(), ms: z.int().default(60) })

/** Two at a time, one of each customer. */
export const few = defineJob('trial.few', noted, {
  params,
  limits: { concurrency: 2, perKey: { key: ({ who }) => who.slice(0, 1), concurrency: 1 } },
})

/** Five in any second. */
export const rated = defineJob('trial.rated', noted, { params, limits: { rate: { count: 5, per: '1s' } } })

export const free = defineJob('trial.free', noted, { params })

export const refused = defineJob(
  'trial.refused',
  () => {
    throw new Error('no')
  },
  { params: z.unknown(), retries: 0 },
)

export const once = defineJob('trial.once', noted, { params, unique: { during: 'waiting' } })

export const limitsTrial = definePlugin(() => ({
  name: 'limits-trial',
  requires: ['jobmachine'],
  jobs: [few, rated, free, refused, once],
}))
