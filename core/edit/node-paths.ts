import type { Fields } from '../field/index.ts'
import { rowsOf, withRows } from '../field/rows.ts'
import type { Djet } from '../scope.ts'

interface Found {
  readonly values: Record<string, unknown>
  readonly errors: Record<string, string>
}

/**
 * Puts ids in the place of paths: in forms a page is named by its path, `/about/team`. What the user may not see is not
 * found.
 */
export async function idsForPaths(
  djet: Djet,
  fields: Fields,
  form: Readonly<Record<string, unknown>>,
): Promise<Found> {
  let values: Record<string, unknown> = { ...form }
  const errors: Record<string, string> = {}
  const idOf = async (value: unknown, key: string): Promise<unknown> => {
    const path = typeof value === 'string' ? value.trim() : ''
    if (!path.startsWith('/')) return value
    const node = await djet.nodes.get(cleanPath(path))
    if (node === null) errors[key] = `names ${path.slice(0, 200)}, where you see no page`
    return node?.id ?? value
  }
  for (const [name, { type, columns }] of Object.entries(fields)) {
    if (type === 'node' && Object.hasOwn(values, name)) values[name] = await idOf(values[name], name)
    const references = Object.entries(columns ?? {}).filter(([, column]) => column.type === 'node')
    const rows = references.length > 0 ? rowsOf(values, name) : undefined
    if (rows === undefined) continue
    const found = rows.map((row) => ({ ...row }))
    for (const [index, row] of found.entries()) {
      for (const [column] of references) row[column] = await idOf(row[column], `${name}.${index}.${column}`)
    }
    values = withRows(values, name, found)
  }
  return { values, errors }
}

/** Without what a copied address has behind the path. */
function cleanPath(path: string): string {
  const bare = path.replace(/[?#].*$/, '').replace(/(?<=.)\/+$/, '')
  try {
    return decodeURI(bare)
  } catch {
    return bare
  }
}
