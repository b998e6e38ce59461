import { z } from 'zod'
import { type Djet, definePlugin } from '../../../core/index.ts'
import { defineJob, type TaskEvent } from '../index.ts'

async function note(djet: Djet, kind: string, { id, class: name, attempt, error }: TaskEvent): Promise<void> {
  await djet.audit({ action: `hooked.${kind}`, subject: `task ${id}`, data: { name, attempt, error } })
}

export const keptShort = defineJob('hooked.short', () => {}, {
  params: z.unknown(),
  retention: { finished: '5m' },
})

/** Notes the ends of tasks, and falls over those of one class. */
export const hooked = definePlugin(() => ({
  name: 'hooked',
  requires: ['jobmachine'],
  jobs: [keptShort],
  taskHooks: {
    finished: async (djet, task) => {
      if (task.class === keptShort.name) throw new Error('the hook is broken')
      await note(djet, 'finished', task)
    },
    failed: (djet, task) => note(djet, 'failed', task),
    cancelled: (djet, task) => note(djet, 'cancelled', task),
    retried: (djet, task) => note(djet, 'retried', task),
  },
}))
