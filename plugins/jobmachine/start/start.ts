import type { Djet } from '../../../core/index.ts'
import { DjetError } from '../../../core/index.ts'
import type { AnyJob } from '../job.ts'
import { type SendOptions, type SentTask, send } from '../send.ts'
import { accepts } from './accepts.ts'
import { type FilePart, nameBelow, type Part, ROOT } from './part.ts'
import { partOf } from './schema.ts'

/**
 * Starts a task by hand: sends it, keeps the files of its parameters as long as the task, and notes who did it. Whether
 * he may is the caller's to check (`requireStart`).
 *
 * @throws {DjetError} JOB_PARAMS_INVALID, 422; JOB_INVALID
 */
export async function startTask(
  djet: Djet,
  job: AnyJob,
  params: unknown,
  options: SendOptions = {},
): Promise<SentTask> {
  return djet.transaction(async (djet) => {
    const files = await takeFiles(djet, job, params)
    const task = await send(djet, job, params, options)
    for (const id of files) {
      await djet.files.keep(id)
      await djet.query('insert into jobmachine.task_file (task_id, file_id) values ($1, $2)', [task.id, id])
    }
    const title = options.title === undefined ? {} : { title: options.title }
    await djet.audit({
      action: 'jobmachine.start',
      subject: `task ${task.id}`,
      data: { class: job.name, ...title },
    })
    return task
  })
}

/**
 * Ids of the files in parameters. Only what was uploaded for it and belongs to nothing yet is taken: an id alone opens
 * nobody else's file.
 */
async function takeFiles(djet: Djet, job: AnyJob, params: unknown): Promise<Set<string>> {
  const ids = new Set<string>()
  for (const { name, id, part } of filesOf(partOf(job), ROOT, params)) {
    const [file] = (await djet.files.get(id))
      ? await djet.query<{ name: string; type: string; size: number }>(
          'select name, type, size from djet.file where id = $1 and not kept for update',
          [id],
        )
      : []
    const problem = file ? accepts(part, file) : 'is no longer here. Choose it again'
    if (problem) {
      throw new DjetError('JOB_PARAMS_INVALID', `a file of '${job.name}' ${problem}.`, {
        status: 422,
        fields: { [name]: problem },
      })
    }
    ids.add(id)
  }
  return ids
}

/** The file ids that stand in parameters, where the schema has files. */
function filesOf(part: Part, name: string, value: unknown): { name: string; id: string; part: FilePart }[] {
  if (part.kind === 'file') return typeof value === 'string' ? [{ name, id: value, part }] : []
  if (part.kind === 'rows') {
    const rows = Array.isArray(value) ? value : []
    return rows.flatMap((row, n) => filesOf(part.item, nameBelow(name, n), row))
  }
  if (part.kind !== 'group' || typeof value !== 'object' || value === null) return []
  const values = new Map(Object.entries(value))
  return [...part.parts].flatMap(([key, each]) => filesOf(each, nameBelow(name, key), values.get(key)))
}
