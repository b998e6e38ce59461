import type { Runner } from './runner.ts'

/** Ids of classes by name; rows that do not exist yet are made. */
export async function classIds(runner: Runner, names: readonly string[]): Promise<Map<string, number>> {
  const rows = await runner.query<{ name: string; id: number }>(
    'select name, jobmachine.class_id(name) as id from unnest($1::text[]) as n (name)',
    [names],
  )
  return new Map(rows.map(({ name, id }) => [name, id]))
}
