import type { Claim, Claimed } from '../queue/claim.ts'

/**
 * What is left of the parcels a thread holds. A parcel is dropped from the database only when the end of each of
 * its tasks has been written, or when all the others have been given back.
 */
export class Holdings {
  readonly #left = new Map<number, number>()
  #drained: number[] = []
  /** Set while it is not known what the database says is held. */
  #doubtful = false

  /** A claim came in. */
  took({ tasks, parcels }: Pick<Claim, 'tasks' | 'parcels'>): void {
    for (const id of parcels) this.#left.set(id, 0)
    for (const { heldId } of tasks) this.#left.set(heldId, (this.#left.get(heldId) ?? 0) + 1)
    for (const id of parcels) if (this.#left.get(id) === 0) this.#drain(id)
  }

  /**
   * The ends of these tasks are about to be written.
   * @returns parcels of which nothing is left then, for the same statement to drop
   */
  ending(tasks: Iterable<Pick<Claimed, 'heldId'>>): number[] {
    for (const { heldId } of tasks) {
      const left = this.#left.get(heldId)
      if (left === undefined) continue
      if (left > 1) this.#left.set(heldId, left - 1)
      else this.#drain(heldId)
    }
    return this.takeDrained()
  }

  /** They could not be written. */
  notEnded(tasks: Iterable<Pick<Claimed, 'heldId'>>, drained: readonly number[]): void {
    for (const id of drained) this.#left.set(id, 0)
    for (const { heldId } of tasks) this.#left.set(heldId, (this.#left.get(heldId) ?? 0) + 1)
    for (const id of drained) if (this.#left.get(id) === 0) this.#drain(id)
  }

  /** All but these is about to be given back. */
  keeping(kept: Iterable<Pick<Claimed, 'heldId'>>): void {
    this.#left.clear()
    this.#drained = []
    this.#doubtful = true
    for (const { heldId } of kept) this.#left.set(heldId, (this.#left.get(heldId) ?? 0) + 1)
  }

  /** It has been given back. */
  gaveBack(): void {
    this.#doubtful = false
  }

  /** Parcels of which nothing is left, once: whoever takes them drops them from the database. */
  takeDrained(): number[] {
    if (this.#doubtful || this.#drained.length === 0) return []
    const drained = this.#drained
    this.#drained = []
    return drained
  }

  #drain(id: number): void {
    this.#left.delete(id)
    this.#drained.push(id)
  }
}
