import type { Djet } from '../../../core/index.ts'
import { hiddenClasses } from '../access.ts'
import { BATCH } from '../jobs.ts'

/** A task that a worker is at, long enough to be shown. */
export interface RunningTask {
  readonly id: number
  readonly class: string
  readonly title: string | null
  readonly started: Date
  readonly attempt: number
  readonly done: number | null
  readonly total: number | null
}

/** A worker thread that lives. */
export interface WorkerLine {
  readonly id: number
  readonly host: string
  readonly pid: number
  readonly thread: number
  readonly started: Date
  /** Seconds without a sign of its process. */
  readonly silent: number
  /** Of classes the scope's user sees. */
  readonly tasks: readonly RunningTask[]
}

const WORKERS = {
  name: 'jobmachine.workers',
  text: `
    select worker_id as id, host, pid, thread, started,
      greatest(0, extract(epoch from now() - seen))::float8 as silent
    from jobmachine.worker where ended is null
    order by host, pid, thread, worker_id limit 200`,
}

const RUNNING = {
  name: 'jobmachine.running',
  text: `
    select t.worker_id as worker, t.task_id as id, c.name as class, left(t.title, 300) as title, t.started, t.attempt,
      p.done, p.total
    from jobmachine.class c, lateral (
      select * from jobmachine.task t where t.class_id = c.class_id and t.status = 100 order by t.task_id limit 500
    ) as t
    left join jobmachine.progress p on p.task_id = t.task_id
    where c.name <> '${BATCH}' and t.worker_id is not null
    order by t.started limit 1000`,
}

/** Workers that live, with what each of them runs now. */
export async function workers(djet: Djet): Promise<WorkerLine[]> {
  const { database } = djet.app
  const [lines, running] = await Promise.all([
    database.query<Omit<WorkerLine, 'tasks'>>(WORKERS),
    database.query<RunningTask & { worker: number }>(RUNNING),
  ])
  const hidden = hiddenClasses(djet)
  const byWorker = new Map<number, RunningTask[]>()
  for (const { worker, ...task } of running) {
    if (hidden.has(task.class)) continue
    const tasks = byWorker.get(worker)
    if (tasks) tasks.push(task)
    else byWorker.set(worker, [task])
  }
  return lines.map((line) => ({ ...line, tasks: byWorker.get(line.id) ?? [] }))
}
