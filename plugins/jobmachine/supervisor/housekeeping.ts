import type { Connection, DjetApp } from '../../../core/index.ts'
import { messageOf } from '../../../core/index.ts'
import { clock } from '../clock.ts'
import { tellHooks } from '../hooks.ts'
import { keptFor } from '../kept.ts'
import { openBatches } from '../queue/batch.ts'
import { beBrief } from '../queue/brief.ts'
import { isConnectionError } from '../queue/connection-error.ts'
import { endedHolders } from '../queue/hold.ts'
import { endSessions, type Policies, reapWorker, suspects, WORKER_DIED } from '../queue/reap.ts'
import { BATCH_SIZE, removeOld, removeOldWorkers } from '../queue/retention.ts'
import { HOUSEKEEPING_LOCK, WORKER_LOCK } from '../queue/runner.ts'
import { overlooked, settle } from '../queue/settle.ts'
import { Ration } from '../ration.ts'

/** Milliseconds between two looks at the workers, and without its lock until one counts as dead. */
const TICK = 400
const DOUBT = 500
/** Milliseconds between two looks while one is doubted. */
const SOON = 100
/** Milliseconds to wait for a task that somebody has locked. */
const LOCK_WAIT = 2000
/** Ticks between two looks at what seldom goes wrong, and at what is old. */
const SELDOM = 12
const RARELY = 75
/** Each look at what seldom goes wrong may take this part of the time, one in so many, and is put off by so many milliseconds at most. */
const SHARE = 100
const LONGEST = 30_000

/** Tasks that others wait for: what is over may settle them. */
interface Over {
  readonly parents: number[]
  readonly needed: number[]
}

/**
 * Revives tasks of dead workers, ends batches, removes what is old. Every process that runs workers does it, one
 * at a time by an advisory lock.
 */
export class Housekeeping {
  readonly #app: DjetApp
  readonly #policies: Policies
  /** Since when workers are without their lock. */
  #doubted = new Map<number, number>()
  #ticks = 0
  readonly #holders = new Ration(SHARE, LONGEST)
  readonly #unsettled = new Ration(SHARE, LONGEST)
  #troubled = false
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(app: DjetApp, policies: Policies) {
    this.#app = app
    this.#policies = policies
  }

  start(): void {
    this.#timer = setTimeout(
      () => {
        this.#running = this.#tick().finally(() => {
          if (!this.#stopped) this.start()
        })
      },
      this.#isInDoubt ? SOON : TICK,
    )
  }

  /** Whether somebody may have died just now. */
  get #isInDoubt(): boolean {
    const now = clock()
    return [...this.#doubted.values()].some((since) => now - since < 2 * DOUBT)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.#running
  }

  async #tick(): Promise<void> {
    this.#ticks++
    try {
      const over = await this.#revive()
      if (this.#ticks % SELDOM === 0) {
        const { parents, needed } = await this.#overlooked()
        over.parents.push(...parents)
        over.needed.push(...needed)
      }
      tellHooks(
        this.#app,
        await settle(this.#app.database, over, keptFor('failed', this.#policies.retention)),
      )
      if (this.#ticks % RARELY === 1) await this.#clean()
      this.#troubled = false
    } catch (error) {
      // That the database is away is told once for the whole process.
      if (!this.#troubled && !this.#stopped && !isConnectionError(error)) {
        this.#app.log.warn(`housekeeping of tasks failed: ${messageOf(error)}`)
      }
      this.#troubled = true
    }
  }

  async #revive(): Promise<Over> {
    const over: Over = { parents: [], needed: [] }
    for (const id of await this.#dead()) {
      const { parents, needed } = await this.#reap(id)
      over.parents.push(...parents)
      over.needed.push(...needed)
    }
    return over
  }

  async #dead(): Promise<Iterable<number>> {
    return this.#app.database.transaction(async (tx) => {
      if (!(await tryLock(tx))) return []
      const found = await suspects(tx, WORKER_LOCK)
      const now = clock()
      this.#doubted = new Map(found.map(({ id }) => [id, this.#doubted.get(id) ?? now]))
      const dead = found
        .filter(({ id, stale }) => stale || now - this.#doubted.get(id)! >= DOUBT)
        .map(({ id }) => id)
      return new Set([...dead, ...(this.#ticks % SELDOM === 0 ? await this.#endedHolders(tx) : [])])
    })
  }

  async #endedHolders(tx: Connection): Promise<number[]> {
    const began = performance.now()
    if (!this.#holders.due(began)) return []
    const ended = await endedHolders(tx)
    this.#holders.took(performance.now(), performance.now() - began)
    return ended
  }

  /** What the end of tasks should have settled already: their worker may have died before it did. */
  async #overlooked(): Promise<Over> {
    const began = performance.now()
    if (!this.#unsettled.due(began)) return { parents: [], needed: [] }
    const { database } = this.#app
    const over = { parents: await openBatches(database), needed: await overlooked(database) }
    this.#unsettled.took(performance.now(), performance.now() - began)
    return over
  }

  /** One worker a transaction, so that one whose tasks cannot be had yet keeps no other waiting. */
  async #reap(id: number): Promise<Readonly<Over>> {
    try {
      const over = await this.#app.database.transaction(async (tx) => {
        if (!(await tryLock(tx))) return { parents: [], needed: [], failed: [] }
        await endSessions(tx, WORKER_LOCK, id)
        await tx.query(`set local lock_timeout = ${LOCK_WAIT}`)
        const { parents, needed, failed } = await reapWorker(tx, this.#policies, id, new Map(), WORKER_DIED)
        this.#app.log.warn(`worker ${id} is dead; its tasks go to others`)
        return { parents: [...parents], needed: [...needed], failed }
      })
      tellHooks(this.#app, over.failed)
      return over
    } catch (error) {
      if (isConnectionError(error)) throw error
      this.#app.log.warn(`tasks of worker ${id} cannot be revived yet: ${messageOf(error)}`)
      return { parents: [], needed: [] }
    }
  }

  async #clean(): Promise<void> {
    await removeOldWorkers(this.#app.database)
    for (let n = 0; n < 20 && !this.#stopped; n++) {
      const removed = await this.#app.database.transaction(async (tx) =>
        (await tryLock(tx)) ? removeOld(tx) : 0,
      )
      if (removed < BATCH_SIZE) return
    }
  }
}

async function tryLock(tx: Parameters<typeof removeOld>[0]): Promise<boolean> {
  await beBrief(tx)
  const [row] = await tx.query<{ ours: boolean }>('select pg_try_advisory_xact_lock($1, $2) as ours', [
    ...HOUSEKEEPING_LOCK,
  ])
  return row?.ours === true
}
