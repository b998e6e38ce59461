import { type Claim, MOST_ATTEMPTS, readTask, type TaskRow } from './claim.ts'
import type { Runner } from './runner.ts'

/** What the end of every attempt says. */
interface End {
  readonly id: number
  /** The turn its worker holds. */
  readonly turn: number
  readonly attempt: number
  /** Milliseconds it ran. */
  readonly ran: number
  /** Milliseconds the task is kept, if it is over. */
  readonly retention: number
}

/** A task that its function has done. */
export interface Done extends End {
  /** JSON text of what the function returned, `{"data": …}`; null: nothing. */
  readonly result: string | null
  /** Tell pages that show it. */
  readonly announce: boolean
}

/** A task whose attempt failed. */
export interface Failed extends End {
  readonly error: string
  readonly stack: string | null
  /** Milliseconds until the next attempt; null: that was the last one. */
  readonly delay: number | null
}

/** What an end-of-task statement says. */
export interface Ended {
  /** Tasks that were still this worker's; the others were taken from it and stay as they are. */
  readonly n: number
  /** Parents of tasks that are over. */
  readonly parents: readonly number[]
  /** Tasks that are over and that others wait for. */
  readonly needed: readonly number[]
}

/** Parcels whose tasks are all over go with the statement that ends the last of them. */
const DRAINED = `
    drained as (
      delete from jobmachine.held h where h.held_id = any ($8::bigint[]) and h.worker_id + 0 = $1
    )`

const OVER = `count(*)::int as n,
      coalesce(json_agg(distinct parent_id) filter (where parent_id is not null and over), '[]') as parents,
      coalesce(json_agg(task_id) filter (where dependents and over), '[]') as needed,
      count(case when reply and over then pg_notify('jmr:' || task_id, task_id::text) end) as replies,
      count(case when announce then pg_notify('jobmachine_task', task_id::text) end) as announced`

const MOMENT = `coalesce(case when t.status = 100 then t.started end, now() - e.ran * interval '1 millisecond')`
const WAITED = `greatest(0, date_part('epoch', t.started - greatest(t.created, t.run_after)) * 1000)`

// `status + 0`: the key is the id. An index that begins with the status would be walked for each row.
const FINISH = `
      update jobmachine.task t
      set status = 200, attempt = e.attempt, worker_id = $1, started = ${MOMENT}, finished = now(), modified = now(),
        remove_after = coalesce(t.remove_after, now() + e.retention * interval '1 millisecond')
      from done e
      where t.task_id = any (array[e.task_id]) and t.turn = e.turn and t.status + 0 in (0, 100)`

const TALLY_DONE = `
    tallied as (
      insert into jobmachine.tally_delta (class_id, status, bucket, kept, ended, wait_ms, run_ms)
      select class_id, 200, jobmachine.bucket(ran), count(*), count(*), sum(waited), sum(ran)
      from ended group by class_id, jobmachine.bucket(ran)
    )`

const EMPTY = `
    done as materialized (
      select * from unnest($2::bigint[], $3::int[], $4::int[], $5::float8[], $6::float8[], $7::bool[])
        as d (task_id, turn, attempt, ran, retention, announce)
    ), ended as (
      ${FINISH}
      returning t.task_id, t.class_id, t.reply, t.parent_id, t.dependents, e.announce, true as over, e.ran, ${WAITED} as waited
    ), ${TALLY_DONE}, ${DRAINED}`

const WITH_RESULT = `
    done as materialized (
      select * from unnest($2::bigint[], $3::int[], $4::int[], $5::float8[], $6::float8[], $7::bool[], $9::text[])
        as d (task_id, turn, attempt, ran, retention, announce, result)
    ), ended as (
      ${FINISH}
      returning t.task_id, t.class_id, t.reply, t.parent_id, t.dependents, e.announce, true as over, e.ran, ${WAITED} as waited,
        e.result
    ), kept as (
      insert into jobmachine.result (task_id, result, resulttype)
      select task_id, result, 'application/json' from ended where result is not null
    ), ${TALLY_DONE}, ${DRAINED}`

const FINISH_EMPTY = { name: 'jobmachine.finish_empty', text: `with ${EMPTY} select ${OVER} from ended` }
const FINISH_RESULT = {
  name: 'jobmachine.finish_result',
  text: `with ${WITH_RESULT} select ${OVER} from ended`,
}

const END_AND_CLAIM = {
  name: 'jobmachine.end_and_claim',
  text: 'select jobmachine.end_and_claim($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) as said',
}

/**
 * Finishes many tasks of a worker in one statement, each for itself, with what their functions returned.
 * @param drained parcels of which nothing is left
 */
export async function finish(
  runner: Runner,
  workerId: number,
  done: readonly Done[],
  drained: readonly number[] = [],
): Promise<Ended> {
  const values: unknown[] = [...columns(workerId, done), done.map((d) => d.announce), drained]
  const results = done.some((d) => d.result !== null)
  if (results) values.push(done.map((d) => d.result))
  const [ended] = await runner.query<Ended>(results ? FINISH_RESULT : FINISH_EMPTY, values)
  return ended!
}

/** What a worker that takes its tasks one by one claims. */
export interface WantedOne {
  /** Ids of the classes it runs. */
  readonly classes: readonly number[]
  /** Those of them that have limits: their tasks are not claimed here. */
  readonly limited: readonly number[]
  /** The last claim saw one class and priority at most: the first parcel is tried at once. */
  readonly alone: boolean
}

/** What such a claim brought: one task at most. `more`: none, but some may be left behind what it threw away. */
export type OneClaim = Claim & Pick<WantedOne, 'alone'>

/** Finishes one task and claims the next one in one statement, and one commit. */
export async function endAndClaim(
  runner: Runner,
  workerId: number,
  done: Done,
  drained: readonly number[],
  wanted: WantedOne,
): Promise<{ ended: Ended; claim: OneClaim }> {
  const { id, turn, attempt, ran, retention, announce, result } = done
  const said = await askForOne(runner, [
    workerId,
    id,
    turn,
    attempt,
    ran,
    retention,
    announce,
    result,
    drained,
    wanted.classes,
    wanted.limited,
    wanted.alone,
  ])
  const { n, parents, needed } = said
  return {
    ended: { n, parents: parents ?? [], needed: needed ?? [] },
    claim: readOne(said, workerId),
  }
}

/**
 * Claims the next task alone, without one to finish, for workers that have nothing to do: a third off the time of a
 * claim that takes hundreds. It looks from the beginning, see `Fronts`.
 */
export async function claimOne(runner: Runner, workerId: number, wanted: WantedOne): Promise<OneClaim> {
  const { classes, limited, alone } = wanted
  const values = [workerId, NO_TASK, 0, 0, 0, 0, false, null, [], classes, limited, alone]
  return readOne(await askForOne(runner, values), workerId)
}

/** No id of a task. */
const NO_TASK = 0

/** The answer of `end_and_claim`. */
interface Said {
  readonly n: number
  readonly task?: TaskRow
  readonly parents?: readonly number[]
  readonly needed?: readonly number[]
  readonly limited?: readonly number[]
  readonly more?: boolean
  readonly alone: boolean
}

async function askForOne(runner: Runner, values: readonly unknown[]): Promise<Said> {
  const [row] = await runner.query<{ said: string }>(END_AND_CLAIM, values)
  return JSON.parse(row!.said) as Said
}

function readOne({ task, limited, more, alone }: Said, workerId: number): OneClaim {
  const claimed = task && readTask(task, workerId)
  return {
    tasks: claimed ? [claimed] : [],
    parcels: claimed ? [claimed.heldId] : [],
    more: more ?? false,
    limited: limited ?? [],
    fronts: [],
    alone,
  }
}

const FAIL = {
  name: 'jobmachine.fail',
  text: `
    with failed as materialized (
      select * from unnest($2::bigint[], $3::int[], $4::int[], $5::float8[], $6::float8[], $7::float8[], $9::text[],
          $10::text[])
        as f (task_id, turn, attempt, ran, retention, delay, error, stack)
    ), moment as materialized (
      select e.*, ${MOMENT} as started
      from failed e, jobmachine.task t
      where t.task_id = any (array[e.task_id]) and t.turn = e.turn and t.status + 0 in (0, 100)
      for no key update of t
    ), ended as (
      update jobmachine.task t
      set status = case when f.delay is null or t.cancelled then 900 else 0 end,
        -- A client may have written the highest there is: what cannot be ended would hold up all of its worker.
        attempt = least(f.attempt, ${MOST_ATTEMPTS}), started = f.started,
        finished = case when f.delay is null or t.cancelled then now() end,
        worker_id = case when f.delay is null or t.cancelled then $1::int end,
        -- One that goes on at once keeps its place in the line.
        run_after = case when f.delay is null or f.delay = 0 then t.run_after
          else clock_timestamp() + f.delay * interval '1 millisecond' end,
        remove_after = case when f.delay is null or t.cancelled
          then coalesce(t.remove_after, now() + f.retention * interval '1 millisecond') else t.remove_after end,
        modified = now()
      from moment f
      where t.task_id = any (array[f.task_id]) and t.turn = f.turn and t.status + 0 in (0, 100)
      returning t.task_id, t.class_id, f.attempt, f.started, f.ran, t.reply, t.parent_id, t.dependents, f.error, f.stack,
        true as announce, t.status = 900 as over
    ), kept as (
      insert into jobmachine.attempt (task_id, attempt, worker_id, started, ended, error, stack)
      select task_id, attempt, $1, started, clock_timestamp(), error, stack from ended
      on conflict (task_id, attempt) do update
      set error = excluded.error, stack = excluded.stack, ended = excluded.ended, worker_id = excluded.worker_id
    ), tallied as (
      insert into jobmachine.tally_delta (class_id, status, bucket, kept, ended, run_ms)
      select class_id, case when over then 900 else 0 end, jobmachine.bucket(ran), count(*) filter (where over),
        count(*), sum(ran)
      from ended group by class_id, over, jobmachine.bucket(ran)
    ), ${DRAINED}
    select ${OVER} from ended`,
}

/** Ends attempts that failed: each task waits for the next one, or has failed for good. */
export async function fail(
  runner: Runner,
  workerId: number,
  failed: readonly Failed[],
  drained: readonly number[] = [],
): Promise<Ended> {
  const [ended] = await runner.query<Ended>(FAIL, [
    ...columns(workerId, failed),
    failed.map((f) => f.delay),
    drained,
    failed.map((f) => f.error.slice(0, 10_000)),
    failed.map((f) => f.stack),
  ])
  return ended!
}

function columns(workerId: number, ends: readonly End[]): unknown[] {
  return [
    workerId,
    ends.map((e) => e.id),
    ends.map((e) => e.turn),
    ends.map((e) => e.attempt),
    ends.map((e) => e.ran),
    ends.map((e) => e.retention),
  ]
}

/** Drops parcels of which nothing is left, when no end of a task says so. */
export async function dropHeld(runner: Runner, workerId: number, drained: readonly number[]): Promise<void> {
  await runner.query(
    {
      name: 'jobmachine.drop_held',
      text: 'delete from jobmachine.held where held_id = any ($2::bigint[]) and worker_id + 0 = $1',
    },
    [workerId, drained],
  )
}
