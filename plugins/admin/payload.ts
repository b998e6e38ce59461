import { type Djet, encodePath } from '../../core/index.ts'

/** Where the administration is, for whoever may see it; null for others. */
export async function adminUrl(djet: Djet): Promise<string | null> {
  if (djet.user === null) return null
  const [row] = await djet.query<{ id: number; path: string }>({
    name: 'admin-url',
    text: "select id, path from djet.node where basetype = 'admin' limit 1",
  })
  return row && (await djet.can('view', row.id)) ? encodePath(row.path) : null
}
