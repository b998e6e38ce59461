import type { Runner } from './runner.ts'

// One index probe for each class and priority that has parcels, however many wait.
const OLDEST = {
  name: 'jobmachine.oldest',
  text: `
    with recursive pair (class_id, priority) as (
      (select r.class_id, r.priority from jobmachine.ready r order by r.class_id, r.priority limit 1)
      union all
      select next.class_id, next.priority from pair p, lateral (
        select r.class_id, r.priority from jobmachine.ready r
        where (r.class_id, r.priority) > (p.class_id, p.priority) order by r.class_id, r.priority limit 1
      ) as next
    )
    select c.name as class, extract(epoch from clock_timestamp() - min(first.run_after))::float8 as seconds
    from pair p join jobmachine.class c on c.class_id = p.class_id and not c.paused, lateral (
      select r.run_after from jobmachine.ready r
      where r.class_id = p.class_id and r.priority = p.priority and r.run_after <= clock_timestamp()
        and r.run_after > '-infinity'
      order by r.run_after limit 1
    ) as first
    group by c.name`,
}

/** How long the oldest task of a class has been due and not begun, in seconds; classes that pause are left out. */
export async function oldestWaiting(runner: Runner): Promise<Map<string, number>> {
  const rows = await runner.query<{ class: string; seconds: number }>(OLDEST)
  return new Map(rows.map((row) => [row.class, Math.max(0, row.seconds)]))
}
