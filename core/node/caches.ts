import { TaggedCache } from '../cache.ts'
import type { ListenHub } from '../db/listen.ts'
import type { Found } from './finder.ts'

/** A rendered page as guests get it. */
export interface CachedPage {
  readonly body: Buffer
  readonly type: string
  readonly etag: string
}

/** What a process keeps of the tree. Dropped by the notifications of `djet.node`'s triggers and by nothing else. */
export interface Caches {
  readonly branches: TaggedCache<Found> | undefined
  readonly pages: TaggedCache<CachedPage> | undefined
  /** Menus and other small values read from the tree. */
  readonly values: TaggedCache<{ value: unknown }> | undefined
}

export const NO_CACHES: Caches = { branches: undefined, pages: undefined, values: undefined }

/** @param maxSize of the pages, bytes; 0: pages are not kept */
export function createCaches(maxSize: number): Caches {
  return {
    branches: new TaggedCache(10_000),
    pages: maxSize > 0 ? new TaggedCache(maxSize, (page) => page.body.length + 500) : undefined,
    values: new TaggedCache(1000),
  }
}

/** Keeps caches true: opens them once notifications are heard. Returns what ends it. */
export async function followChanges(caches: Caches, hub: ListenHub): Promise<() => Promise<void>> {
  const all = [caches.branches, caches.pages, caches.values].filter((cache) => cache !== undefined)
  if (all.length === 0) return async () => {}
  const unlisten = await hub.listen('djet_node', (payload) => {
    const change: { all?: boolean; nodes?: number[]; parents?: number[] } = JSON.parse(payload)
    for (const cache of all) {
      if (change.all) cache.clear()
      else
        cache.drop([
          ...(change.nodes ?? []).map((id) => `n${id}`),
          ...(change.parents ?? []).map((id) => `c${id}`),
        ])
    }
  })
  const setOpen = (): void => {
    for (const cache of all) cache.open = hub.connected
  }
  const ungap = hub.onGap(setOpen)
  setOpen()
  return async () => {
    ungap()
    for (const cache of all) cache.open = false
    await unlisten()
  }
}
