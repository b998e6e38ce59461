import type { Connection } from '../db/connection.ts'
import type { ObjectStore } from './object-store.ts'

const BATCH = 200

/** Notes, whatever becomes of the transaction at hand, that an object goes unless its file is there by tomorrow. */
export async function noteNewObject(outside: Connection, id: string): Promise<void> {
  await outside.query(
    "insert into djet.file_object_removal (id, due) values ($1, now() + interval '1 day')",
    [id],
  )
}

/**
 * Removes objects whose file is gone or never came to be: it was deleted, or the transaction that made it was rolled
 * back. The number of objects that went.
 */
export async function removeObjects(
  connection: Connection,
  objects: ObjectStore,
  signal?: AbortSignal,
): Promise<number> {
  let removed = 0
  for (;;) {
    const due = await connection.query<{ id: string; held: boolean }>(
      `select id, exists (select from djet.file where file.id = r.id) as held
       from djet.file_object_removal r where due <= now() order by due limit ${BATCH}`,
    )
    for (const { id, held } of due) {
      if (signal?.aborted) return removed
      if (!held) {
        await objects.delete(id)
        removed++
      }
      await connection.query('delete from djet.file_object_removal where id = $1', [id])
    }
    if (due.length < BATCH) return removed
  }
}
