import type { Readable } from 'node:stream'
import type { Djet, StoredFile } from '../../../core/index.ts'

/**
 * Hands over a file where it is wanted: in a task as one of its results, elsewhere as a stored file that is
 * removed after a day unless something keeps it.
 */
export async function deliver(djet: Djet, file: DeliveredFile): Promise<StoredFile> {
  if (djet.task !== undefined) return djet.task.file(file.name, file.type, file.content)
  return djet.files.write(file)
}

export interface DeliveredFile {
  name: string
  /** Media type. */
  type: string
  content: Readable | Buffer
}
