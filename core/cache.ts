import { LRUCache } from 'lru-cache'

interface Entry<V> {
  readonly value: V
  readonly tags: readonly string[]
}

/**
 * A bounded cache whose entries are dropped by tag. A value computed from reads that began before a drop may be
 * stale when it arrives, so `set` takes the moment its reads began and refuses it if anything was dropped since.
 */
export class TaggedCache<V extends object> {
  readonly #entries: LRUCache<string, Entry<V>>
  readonly #keysByTag = new Map<string, Set<string>>()
  #moment = 0
  #open = false

  /** @param maxSize in the unit of `sizeOf`; without it: number of entries */
  constructor(maxSize: number, sizeOf?: (value: V) => number) {
    const dispose = (entry: Entry<V>, key: string) => this.#forget(entry, key)
    this.#entries = sizeOf
      ? new LRUCache({ maxSize, sizeCalculation: (entry) => sizeOf(entry.value), dispose })
      : new LRUCache({ max: maxSize, dispose })
  }

  /** Taken before the reads of a value begin, given to `set` with it. */
  get moment(): number {
    return this.#moment
  }

  /** Number of entries. */
  get size(): number {
    return this.#entries.size
  }

  get(key: string): V | undefined {
    return this.#entries.get(key)?.value
  }

  set(key: string, value: V, tags: Iterable<string>, moment: number): void {
    if (!this.#open || moment !== this.#moment) return
    const entry = { value, tags: [...tags] }
    this.#entries.set(key, entry)
    if (!this.#entries.has(key)) return
    for (const tag of entry.tags) {
      const keys = this.#keysByTag.get(tag)
      if (keys) keys.add(key)
      else this.#keysByTag.set(tag, new Set([key]))
    }
  }

  drop(tags: Iterable<string>): void {
    this.#moment++
    for (const tag of tags) {
      for (const key of [...(this.#keysByTag.get(tag) ?? [])]) this.#entries.delete(key)
    }
  }

  clear(): void {
    this.#moment++
    this.#entries.clear()
    this.#keysByTag.clear()
  }

  /** Until notifications are heard nothing is kept; when they are lost, everything goes. */
  set open(open: boolean) {
    this.#open = open
    this.clear()
  }

  #forget(entry: Entry<V>, key: string): void {
    for (const tag of entry.tags) {
      const keys = this.#keysByTag.get(tag)
      if (keys?.delete(key) && keys.size === 0) this.#keysByTag.delete(tag)
    }
  }
}
