import { setTimeout as sleep } from 'node:timers/promises'
import { type Djet, nextPublishTime, publishDue, z } from '../../core/index.ts'
import { defineJob, send } from '../jobmachine/index.ts'

/** Rounds without anything done after which the job is tried again later. */
const MOST_IDLE = 40
/** Milliseconds between two rounds: another process may be at what is due. */
const PAUSE = 50

/** Publishes and unpublishes what is due, and plans the next time. */
export const publishDueJob = defineJob('admin.publish-due', publishAllDue, {
  params: z.object({
    /** The time it is for, as ISO text: one task for each. */
    at: z.iso.datetime(),
  }),
  label: 'Publish at set times',
  description: 'Publishes and unpublishes the pages whose time has come.',
  title: ({ at }) => `Publish what is due at ${at.slice(0, 16).replace('T', ' ')} UTC`,
  unique: { during: 'unfinished' },
  retries: 10,
  backoff: '1s',
  retention: '1d',
})

async function publishAllDue(djet: Djet, { at }: { at: string }) {
  const total = { published: 0, unpublished: 0, failed: 0 }
  for (let idle = 0; idle < MOST_IDLE; ) {
    const { next, ...done } = await publishDue(djet)
    total.published += done.published
    total.unpublished += done.unpublished
    total.failed += done.failed
    if (next === null || next.getTime() > Math.max(Date.now(), Date.parse(at))) {
      await planPublishing(djet, next)
      return total
    }
    idle = done.published + done.unpublished + done.failed > 0 ? 0 : idle + 1
    await sleep(PAUSE, undefined, { signal: djet.signal })
  }
  throw new Error('something is due, but another process holds it')
}

/** Sends the task of a time, once, whoever else plans it. Null: nothing is to be done. */
async function planPublishing(djet: Djet, next: Date | null): Promise<void> {
  if (next === null) return
  await send(djet, publishDueJob, { at: next.toISOString() }, { runAfter: next })
}

/** Sends the task of the next time at which something is to be published or unpublished. */
export async function planNext(djet: Djet): Promise<void> {
  await planPublishing(djet, await nextPublishTime(djet))
}
