import type { Djet } from '../../core/index.ts'
import { DjetError } from '../../core/index.ts'

/**
 * The id of the file of a result.
 * @throws {DjetError} NOT_FOUND, 404
 */
export async function resultFile(djet: Djet, task: number, result: number): Promise<string> {
  const [row] = await djet.query<{ file_id: string | null }>(
    'select file_id from jobmachine.result where result_id = $1 and task_id = $2',
    [result, task],
  )
  if (row?.file_id) return row.file_id
  throw new DjetError('NOT_FOUND', `task ${task} has no file ${result}.`, { status: 404 })
}
