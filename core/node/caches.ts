import { randomUUID } from 'node:crypto'
import { TaggedCache } from '../cache.ts'
import type { Connection } from '../db/connection.ts'
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

export interface CacheSettings {
  /** Bytes of pages that are kept; 0: none. */
  readonly pages: number
  readonly branches: boolean
}

/** The menu is always kept: like basetypes and templates it is part of the site, not of a page. */
export function createCaches({ pages, branches }: CacheSettings): Caches {
  return {
    branches: branches ? new TaggedCache(10_000) : undefined,
    pages: pages > 0 ? new TaggedCache(pages, (page) => page.body.length + 500) : undefined,
    values: new TaggedCache(1000),
  }
}

/** Milliseconds someone waits at most to see what he changed. */
const LONGEST_WAIT = 1000

/** The caches of a process, kept true by notifications. */
export interface Following {
  /**
   * Waits until this process has heard of all changes committed so far, so that whoever changed a page and is sent
   * on to it sees it changed.
   */
  catchUp(connection: Connection): Promise<void>
  stop(): Promise<void>
}

export const NOT_FOLLOWING: Following = { catchUp: async () => {}, stop: async () => {} }

interface Change {
  all?: boolean
  nodes?: number[]
  parents?: number[]
  /** Nothing changed: someone waits for what was notified before. */
  mark?: string
}

/** Keeps caches true: opens them once notifications are heard. */
export async function followChanges(caches: Caches, hub: ListenHub): Promise<Following> {
  const all = [caches.branches, caches.pages, caches.values].filter((cache) => cache !== undefined)
  if (all.length === 0) return NOT_FOLLOWING
  const waiting = new Map<string, () => void>()
  const unlisten = await hub.listen('djet_node', (payload) => {
    const change: Change = JSON.parse(payload)
    if (change.mark !== undefined) {
      waiting.get(change.mark)?.()
      return
    }
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
  return {
    catchUp: async (connection) => {
      if (!hub.connected) return
      const mark = randomUUID()
      let timer: NodeJS.Timeout | undefined
      const heard = new Promise<void>((resolve) => {
        waiting.set(mark, resolve)
        timer = setTimeout(resolve, LONGEST_WAIT)
      })
      try {
        await connection.query("select pg_notify('djet_node', $1)", [JSON.stringify({ mark })])
        await heard
      } finally {
        clearTimeout(timer)
        waiting.delete(mark)
      }
    },
    stop: async () => {
      ungap()
      for (const cache of all) cache.open = false
      await unlisten()
    },
  }
}
