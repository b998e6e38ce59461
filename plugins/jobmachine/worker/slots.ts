/** 64-bit words of one slot: task id, turn, attempt, limit, deadline, began. */
const WORDS = 6

/** What one slot of a thread is busy with. */
export interface SlotTask {
  readonly id: number
  readonly turn: number
  readonly attempt: number
  /** Its time limit, milliseconds. */
  readonly limit: number
  /** By `clock`: when the thread is terminated. */
  readonly deadline: number
  /** Epoch milliseconds of the database's clock. */
  readonly began: number
}

/**
 * Which tasks a thread has started, in memory that its main thread reads even while the thread is stuck in an
 * endless loop. One slot for each task that may run at the same time.
 *
 * `seized` is how the main thread takes the tasks that a stuck thread has claimed but not started: it sets the
 * flag and then reads the slots, the thread fills a slot and then reads the flag. Both orders are sequentially
 * consistent, so a task is either seen in its slot or never started.
 */
export class Slots {
  readonly buffer: SharedArrayBuffer
  readonly #flags: Int32Array
  readonly #words: Float64Array

  /** @param size a number of slots, or the buffer of the other side */
  constructor(size: number | SharedArrayBuffer) {
    this.buffer = typeof size === 'number' ? new SharedArrayBuffer(bytes(size)) : size
    const slots = typeof size === 'number' ? size : slotsIn(size)
    this.#words = new Float64Array(this.buffer, 0, slots * WORDS)
    this.#flags = new Int32Array(this.buffer, slots * WORDS * 8, slots + 1)
  }

  get size(): number {
    return this.#flags.length - 1
  }

  /** Takes a slot for a task about to start. False: the task has been seized and must not start. */
  occupy(
    slot: number,
    id: number,
    turn: number,
    attempt: number,
    limit: number,
    deadline: number,
    began: number,
  ): boolean {
    const words = this.#words
    const at = slot * WORDS
    words[at] = id
    words[at + 1] = turn
    words[at + 2] = attempt
    words[at + 3] = limit
    words[at + 4] = deadline
    words[at + 5] = began
    Atomics.store(this.#flags, slot, 1)
    if (Atomics.load(this.#flags, this.size) === 0) return true
    this.free(slot)
    return false
  }

  free(slot: number): void {
    Atomics.store(this.#flags, slot, 0)
  }

  /** How many tasks run now. */
  get busy(): number {
    let busy = 0
    for (let slot = 0; slot < this.size; slot++) busy += Atomics.load(this.#flags, slot)
    return busy
  }

  /** What runs now. */
  occupied(): SlotTask[] {
    const tasks: SlotTask[] = []
    for (let slot = 0; slot < this.size; slot++) {
      if (Atomics.load(this.#flags, slot) === 0) continue
      const [id, turn, attempt, limit, deadline, began] = this.#words.subarray(
        slot * WORDS,
      ) as Iterable<number>
      tasks.push({
        id: id!,
        turn: turn!,
        attempt: attempt!,
        limit: limit!,
        deadline: deadline!,
        began: began!,
      })
    }
    return tasks
  }

  get seized(): boolean {
    return Atomics.load(this.#flags, this.size) === 1
  }

  set seized(value: boolean) {
    Atomics.store(this.#flags, this.size, value ? 1 : 0)
  }
}

function bytes(slots: number): number {
  return slots * WORDS * 8 + (slots + 1) * 4
}

function slotsIn(buffer: SharedArrayBuffer): number {
  return (buffer.byteLength - 4) / (WORDS * 8 + 4)
}
