import { defineField } from './define.ts'
import { type Field, FieldError, type FieldOptions } from './field.ts'

export interface FileOptions<R extends boolean = boolean> extends FieldOptions<string, R> {
  /** Name endings and media types allowed, e.g. `['.csv', 'text/csv', 'image/*']`; absent: any. */
  accept?: readonly string[]
  /** Bytes at most; 20 MB (1024 × 1024 bytes each) when absent. */
  maxSize?: number
}

/**
 * A file: the value is its id in `djet.files`. A stored file (from `ctx.files` or `djet.files.write`) may be given
 * in place of its id and is then checked against `accept` and `maxSize`; the route's `upload()` keeps too large
 * ones from being stored at all.
 *
 * @example field.file({ title: 'Data sheet', accept: ['.pdf'], maxSize: 5 * 1024 * 1024 })
 */
export function file<const R extends boolean = false>(options: FileOptions<R> = {}): Field<string, R> {
  const { accept, maxSize = 20 * 1024 * 1024 } = options
  return defineField(options, {
    type: 'file',
    settings: { accept, maxSize },
    parse(input) {
      const id = isStored(input) ? checkedId(input, accept, maxSize) : input
      if (typeof id !== 'string' || !/^[\w-]{1,64}$/.test(id))
        throw new FieldError('must be an uploaded file')
      return id
    },
    toText: () => '',
  })
}

interface Stored {
  id: string
  name: string
  type: string
  size: number
}

function isStored(input: unknown): input is Stored {
  return typeof input === 'object' && input !== null && 'id' in input && 'size' in input && 'type' in input
}

function checkedId(file: Stored, accept: readonly string[] | undefined, maxSize: number): string {
  if (file.size > maxSize) throw new FieldError(`must be a file of at most ${inMegabytes(maxSize)} MB`)
  if (accept !== undefined && !accept.some((pattern) => fits(file, pattern.toLowerCase()))) {
    throw new FieldError(`must be a file of one of these kinds: ${accept.join(', ')}`)
  }
  return file.id
}

function fits(file: Stored, pattern: string): boolean {
  if (pattern.startsWith('.')) return file.name.toLowerCase().endsWith(pattern)
  const type = file.type.toLowerCase()
  return pattern.endsWith('/*') ? type.startsWith(pattern.slice(0, -1)) : type === pattern
}

function inMegabytes(bytes: number): string {
  return String(Math.round((bytes / 1024 / 1024) * 100) / 100)
}
