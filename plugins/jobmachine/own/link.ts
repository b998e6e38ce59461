import type { Djet } from '../../../core/index.ts'
import { DjetError, encodePath, isSigned, sign } from '../../../core/index.ts'

const PURPOSE = 'jobmachine.task'

/**
 * Path of a page that shows one task to whoever has the link, logged in or not: its status, progress and results,
 * nothing else. It cannot be guessed, and ends with the task.
 *
 * @example
 * const task = await send(djet, writeLetters, params)
 * await djet.mail.send({ to, subject: 'Your letters', text: `${origin}${await publicTaskUrl(djet, task.id)}` })
 * @throws {DjetError} TASK_NOT_FOUND, 404
 */
export async function publicTaskUrl(djet: Djet, id: number): Promise<string> {
  const made = await madeAt(djet, id)
  if (made === undefined) throw new DjetError('TASK_NOT_FOUND', `there is no task ${id}.`, { status: 404 })
  const [row] = await djet.query<{ path: string }>("select path from djet.node where basetype = 'jobmachine'")
  const node = encodePath(row?.path ?? '/jobs').replace(/\/$/, '')
  return `${node}/mine/${id}/${await sign(djet, PURPOSE, `${id} ${made}`)}`
}

/** Whether the token of a link is that of the task. */
export async function opensTask(djet: Djet, id: number, token: unknown): Promise<boolean> {
  const made = await madeAt(djet, id)
  return isSigned(djet, PURPOSE, `${id} ${made ?? ''}`, token)
}

/** With it a link does not open another task that comes to have the same number in a database set up anew. */
async function madeAt(djet: Djet, id: number): Promise<string | undefined> {
  const [row] = await djet.query<{ made: string }>(
    'select extract(epoch from created)::text as made from jobmachine.task where task_id = $1',
    [id],
  )
  return row?.made
}
