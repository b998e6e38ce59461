import type { Runner } from './runner.ts'

/** Which attempt of a task writes: nothing is written once it is over or has another turn. */
export interface Holder {
  readonly id: number
  readonly turn: number
  readonly attempt: number
}

export interface ProgressNote extends Holder {
  readonly done: number
  readonly total: number | null
  readonly note: string | null
}

export interface LogLine extends Holder {
  readonly level: string
  readonly message: string
  readonly at: Date
}

const HELD = `
    with line as materialized (
      select * from unnest($1::bigint[], $2::int[], $3::int[], $4::text[], $5::text[], $6::text[])
        with ordinality as l (task_id, turn, attempt, a, b, c, n)
    ), held as materialized (
      select t.task_id, t.turn from (select distinct task_id, turn from line) as l, jobmachine.task t
      where t.task_id = any (array[l.task_id]) and t.turn = l.turn and t.status + 0 in (0, 100)
      for share of t
    )`

const PROGRESS = {
  name: 'jobmachine.progress',
  text: `${HELD}, written as (
      insert into jobmachine.progress (task_id, done, total, note)
      select l.task_id, l.a::float8, l.b::float8, l.c from line l join held using (task_id, turn)
      on conflict (task_id) do update
      set done = excluded.done, total = excluded.total, note = excluded.note, modified = now()
      returning task_id
    )
    select pg_notify('jobmachine_task', task_id::text) from written`,
}

const LOG = {
  name: 'jobmachine.log',
  text: `${HELD}, written as (
      insert into jobmachine.log (task_id, attempt, created, level, message)
      select l.task_id, l.attempt, l.a::timestamptz, l.b, l.c from line l join held using (task_id, turn) order by l.n
      returning task_id
    )
    select pg_notify('jobmachine_task', task_id::text) from (select distinct task_id from written) as changed`,
}

/** Writes how far tasks are: at most one note a task. */
export async function writeProgress(runner: Runner, notes: readonly ProgressNote[]): Promise<void> {
  await runner.query(PROGRESS, [
    ...holders(notes),
    notes.map((n) => n.done),
    notes.map((n) => n.total),
    notes.map((n) => n.note),
  ])
}

/** Writes log lines of any tasks. */
export async function writeLog(runner: Runner, lines: readonly LogLine[]): Promise<void> {
  await runner.query(LOG, [
    ...holders(lines),
    lines.map((line) => line.at.toISOString()),
    lines.map((line) => line.level),
    lines.map((line) => line.message),
  ])
}

function holders(lines: readonly Holder[]): unknown[] {
  return [lines.map((l) => l.id), lines.map((l) => l.turn), lines.map((l) => l.attempt)]
}

const RESULT = {
  name: 'jobmachine.result',
  text: `
    with held as (
      select task_id from jobmachine.task
      where task_id = $1 and turn = $2 and status + 0 in (0, 100) for share
    )
    insert into jobmachine.result (task_id, result, resulttype, file_id)
    select task_id, $3, $4, $5 from held
    returning result_id`,
}

/**
 * Stores a result of a running task.
 *
 * @param data wrapped as `{"data": …}`, as clients of Job::Machine read it
 * @returns false when the task is no longer the holder's
 */
export async function writeResult(
  runner: Runner,
  holder: Holder,
  data: unknown,
  type: string,
  fileId: string | null,
): Promise<boolean> {
  const values = [holder.id, holder.turn, wrapped(data), type, fileId]
  return (await runner.query(RESULT, values)).length === 1
}

const RESULT_TOGETHER = {
  name: 'jobmachine.result_together',
  text: `
    insert into jobmachine.result (task_id, result, resulttype, file_id)
    select task_id, $3, $4, $5 from jobmachine.task where task_id = $1 and turn = $2 and status + 0 in (0, 100)
    returning result_id`,
}

/**
 * The same in the transaction that will end the task. It locks nothing, so that whoever takes the task from its
 * worker need not wait for that transaction: the end of the task is refused then, and the result goes with it.
 */
export async function writeResultTogether(
  runner: Runner,
  holder: Holder,
  data: unknown,
  type: string,
  fileId: string | null,
): Promise<boolean> {
  const values = [holder.id, holder.turn, wrapped(data), type, fileId]
  return (await runner.query(RESULT_TOGETHER, values)).length === 1
}

/** JSON text of a result as it is stored. */
export function wrapped(data: unknown): string {
  return JSON.stringify({ data: data ?? null })
}
