import { type Djet, DjetError } from '../../../core/index.ts'
import { ownTask } from './view.ts'

/** A task as the API answers it. @throws {DjetError} NOT_FOUND, 404 */
export async function taskOf(djet: Djet, id: number) {
  const found = await ownTask(djet, id, false)
  if (found === null) throw noTask(id)
  const [row] = await djet.query<{ class: string }>(
    'select c.name as class from jobmachine.task t join jobmachine.class c using (class_id) where t.task_id = $1',
    [id],
  )
  return { ...found, class: row?.class ?? '' }
}

/** A number of a task in a path. @throws {DjetError} NOT_FOUND, 404 */
export function taskId(text: string | undefined): number {
  if (/^[1-9]\d{0,14}$/.test(text ?? '')) return Number(text)
  throw noTask(String(text).slice(0, 40))
}

function noTask(id: number | string): DjetError {
  return new DjetError('NOT_FOUND', `there is no task ${id}.`, { status: 404 })
}
