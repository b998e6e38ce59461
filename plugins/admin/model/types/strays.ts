import type { Djet, SiteType } from '../../../../core/index.ts'

/**
 * A definition that also tells of values which its nodes have and it knows nothing of, under names that a new
 * definition gives to new fields: code may have left them, while it brought this type. They are then read by the
 * rules of the new field instead of being shown as they are.
 */
export async function withStrays(
  djet: Djet,
  name: string,
  before: SiteType,
  after: SiteType,
): Promise<SiteType> {
  const known = new Set([...before.fields, ...before.retired].map((field) => field.name))
  const added = after.fields.map((field) => field.name).filter((field) => !known.has(field))
  if (added.length === 0) return before
  const rows = await djet.query<{ field: string }>(
    `select field from unnest($1::text[]) as field
     where exists (select from djet.node where basetype = any($2) and data ? field)`,
    [added, [name, `~${name}`]],
  )
  if (rows.length === 0) return before
  return {
    ...before,
    retired: [...before.retired, ...rows.map(({ field }) => ({ name: field, type: 'str' }))],
  }
}
