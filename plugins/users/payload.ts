import { type Djet, encodePath } from '../../core/index.ts'

/** Where whoever is logged in finds his account; null for visitors. */
export async function accountUrl(djet: Djet): Promise<string | null> {
  if (djet.user === null) return null
  const [row] = await djet.query<{ path: string }>({
    name: 'users-account-url',
    text: "select path from djet.node where basetype = 'account' limit 1",
  })
  return row ? encodePath(row.path) : null
}
