import type { Runner } from './runner.ts'

/** A task that its function has done. */
export interface Done {
  readonly id: number
  readonly attempt: number
  /** JSON text of what the function returned, `{"data": …}`; null: nothing. */
  readonly result: string | null
  /** Milliseconds it is kept. */
  readonly retention: number
  /** Tell pages that show it. */
  readonly announce: boolean
}

/** A task whose attempt failed. */
export interface Failed {
  readonly id: number
  readonly attempt: number
  readonly error: string
  readonly stack: string | null
  /** Milliseconds until the next attempt; null: that was the last one. */
  readonly delay: number | null
  /** Milliseconds it is kept when that was the last one. */
  readonly retention: number
}

/** What an end-of-task statement says. */
export interface Ended {
  /** Tasks that were still this worker's; the others were taken from it and stay as they are. */
  readonly n: number
  /** Parents of tasks that are over. */
  readonly parents: readonly number[]
}

const OVER = `
    select count(*)::int as n,
      coalesce(json_agg(distinct parent_id) filter (where parent_id is not null and over), '[]') as parents,
      count(case when reply and over then pg_notify('jmr:' || task_id, task_id::text) end) as replies,
      count(case when announce then pg_notify('jobmachine_task', task_id::text) end) as announced
    from ended`

// `status + 0`: the key is the id. An index that begins with the status would be walked for each row.
const FINISH = `
      update jobmachine.task t
      set status = 200, finished = now(), modified = now(),
        remove_after = coalesce(t.remove_after, now() + done.retention * interval '1 millisecond')
      from done
      where t.task_id = done.task_id and t.attempt = done.attempt and t.worker_id = $1 and t.status + 0 = 100`

const FINISH_EMPTY = {
  name: 'jobmachine.finish_empty',
  text: `
    with done as materialized (
      select * from unnest($2::bigint[], $3::int[], $4::float8[], $5::bool[])
        as d (task_id, attempt, retention, announce)
    ), ended as (
      ${FINISH}
      returning t.task_id, t.reply, t.parent_id, done.announce, true as over
    )${OVER}`,
}

const FINISH_RESULT = {
  name: 'jobmachine.finish_result',
  text: `
    with done as materialized (
      select * from unnest($2::bigint[], $3::int[], $4::float8[], $5::bool[], $6::text[])
        as d (task_id, attempt, retention, announce, result)
    ), ended as (
      ${FINISH}
      returning t.task_id, t.reply, t.parent_id, done.announce, done.result, true as over
    ), kept as (
      insert into jobmachine.result (task_id, result, resulttype)
      select task_id, result, 'application/json' from ended where result is not null
    )${OVER}`,
}

/** Finishes many tasks of a worker in one statement, each for itself, with what their functions returned. */
export async function finish(runner: Runner, workerId: number, done: readonly Done[]): Promise<Ended> {
  const values: unknown[] = [
    workerId,
    done.map((d) => d.id),
    done.map((d) => d.attempt),
    done.map((d) => d.retention),
    done.map((d) => d.announce),
  ]
  const results = done.some((d) => d.result !== null)
  if (results) values.push(done.map((d) => d.result))
  const [ended] = await runner.query<Ended>(results ? FINISH_RESULT : FINISH_EMPTY, values)
  return ended!
}

const FAIL = {
  name: 'jobmachine.fail',
  text: `
    with failed as materialized (
      select * from unnest($2::bigint[], $3::int[], $4::text[], $5::text[], $6::float8[], $7::float8[])
        as f (task_id, attempt, error, stack, delay, retention)
    ), ended as (
      update jobmachine.task t
      set status = case when f.delay is null or t.cancelled then 900 else 0 end,
        finished = case when f.delay is null or t.cancelled then now() end,
        worker_id = case when f.delay is null or t.cancelled then t.worker_id end,
        run_after = case when f.delay is null then t.run_after
          else clock_timestamp() + f.delay * interval '1 millisecond' end,
        remove_after = case when f.delay is null or t.cancelled
          then coalesce(t.remove_after, now() + f.retention * interval '1 millisecond') else t.remove_after end,
        modified = now()
      from failed f
      where t.task_id = f.task_id and t.attempt = f.attempt and t.worker_id = $1 and t.status + 0 = 100
      returning t.task_id, t.attempt, t.started, t.reply, t.parent_id, f.error, f.stack, true as announce,
        t.status = 900 as over
    ), kept as (
      insert into jobmachine.attempt (task_id, attempt, worker_id, started, ended, error, stack)
      select task_id, attempt, $1, started, clock_timestamp(), error, stack from ended
      on conflict (task_id, attempt) do update
      set error = excluded.error, stack = excluded.stack, ended = excluded.ended, worker_id = excluded.worker_id
    )${OVER}`,
}

/** Ends attempts that failed: each task waits for the next one, or has failed for good. */
export async function fail(runner: Runner, workerId: number, failed: readonly Failed[]): Promise<Ended> {
  const [ended] = await runner.query<Ended>(FAIL, [
    workerId,
    failed.map((f) => f.id),
    failed.map((f) => f.attempt),
    failed.map((f) => f.error.slice(0, 10_000)),
    failed.map((f) => f.stack),
    failed.map((f) => f.delay),
    failed.map((f) => f.retention),
  ])
  return ended!
}
