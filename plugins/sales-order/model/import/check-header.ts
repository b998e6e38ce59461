import { type Djet, DjetError } from '../../../../core/index.ts'
import { countKnown } from './columns.ts'
import { type FileKind, fileKinds, kindTitles } from './file-kinds.ts'
import { openCsv, readHeader } from './read-csv.ts'

/**
 * Looks at the first row of a stored file, so that a wrong file is refused where it is uploaded and not later in
 * the background.
 *
 * @returns why it cannot be imported as that kind of file; undefined when it can
 */
export async function checkHeader(djet: Djet, fileId: string, kind: FileKind): Promise<string | undefined> {
  try {
    const csv = await openCsv(djet, fileId, fileKinds[kind])
    csv.close()
    return undefined
  } catch (error) {
    if (!(error instanceof DjetError) || error.code !== 'IMPORT_FILE') throw error
    const other = await otherKind(djet, fileId, kind)
    if (other === undefined) return `${error.message.replace(/[.?]?$/, (end) => end || '.')}`
    const name = (await djet.files.get(fileId))?.name
    return `${name}: this looks like a file of ${kindTitles[other]}, not of ${kindTitles[kind]}.`
  }
}

/** Another kind of file whose columns are all there. */
async function otherKind(djet: Djet, fileId: string, kind: FileKind): Promise<FileKind | undefined> {
  for (const other of Object.keys(fileKinds) as FileKind[]) {
    if (other === kind) continue
    const columns = fileKinds[other]
    const header = await readHeader(djet, fileId, columns)
    if (header !== undefined && countKnown(columns, header) === Object.keys(columns).length) return other
  }
  return undefined
}
