import { DjetError } from '../../../../core/index.ts'

/**
 * A file that cannot be used as a whole (no CSV, wrong columns, a quotation mark never closed): nothing of it, nor
 * of the files that came with it, is imported.
 *
 * @returns DjetError IMPORT_FILE, status 422, whose message begins with the file's name
 */
export function fileProblem(file: string, message: string, cause?: unknown): DjetError {
  return new DjetError('IMPORT_FILE', `${file}: ${message}`, { status: 422, cause })
}
