import type { StoredFile } from '../../../core/index.ts'
import { formatBytes } from '../../../core/index.ts'
import type { FilePart } from './part.ts'

/** What is wrong with a file for a part of a form; undefined: nothing. */
export function accepts(
  { accept, maxSize }: Pick<FilePart, 'accept' | 'maxSize'>,
  { name, type, size }: Pick<StoredFile, 'name' | 'type' | 'size'>,
): string | undefined {
  if (maxSize !== undefined && size > maxSize) return `is larger than ${formatBytes(maxSize)}`
  const [kind = ''] = type.split(';')
  const fits = accept.some(
    (each) =>
      each === kind.trim() ||
      (each.endsWith('/*') && kind.startsWith(each.slice(0, -1))) ||
      (each.startsWith('.') && name.toLowerCase().endsWith(each.toLowerCase())),
  )
  return accept.length === 0 || fits ? undefined : `must be one of ${accept.join(', ')}`
}
