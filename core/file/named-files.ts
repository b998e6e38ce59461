import type { Fields } from '../field/field.ts'
import { isEmpty } from '../field/parse.ts'
import type { Djet } from '../scope.ts'
import type { StoredFile } from './files.ts'

/** What was named for file fields instead of uploaded with the form. */
export interface NamedFiles {
  /** By field; to be kept (`djet.files.keep`) by what stores the node. */
  readonly files: Readonly<Record<string, StoredFile>>
  readonly errors: Readonly<Record<string, string>>
}

/**
 * Looks at values that clients send for file fields: only the id of a file that was uploaded and belongs to nothing yet is
 * taken, since an id alone opens nobody else's file. What a field holds already may be sent back.
 *
 * @param held what the fields may hold now: of the node, of its draft
 */
export async function namedFiles(
  djet: Djet,
  fields: Fields,
  given: Readonly<Record<string, unknown>>,
  held: readonly Readonly<Record<string, unknown>>[],
): Promise<NamedFiles> {
  const files: Record<string, StoredFile> = {}
  const errors: Record<string, string> = {}
  for (const [name, { type }] of Object.entries(fields)) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined
    if (type !== 'file' || isEmpty(value)) continue
    if (held.some((data) => data[name] === value)) continue
    const file = typeof value === 'string' ? await freeFile(djet, value) : null
    if (file === null) errors[name] = 'must be a file that was just uploaded'
    else files[name] = file
  }
  return { files, errors }
}

async function freeFile(djet: Djet, id: string): Promise<StoredFile | null> {
  const file = await djet.files.get(id)
  if (file === null) return null
  const [free] = await djet.query('select from djet.file where id = $1 and not kept for update', [file.id])
  return free === undefined ? null : file
}
