import { expect } from 'vitest'
import { type ApiSite, openApiSite } from './api-site.ts'
import type { Program } from './program.ts'

/** A node as the API answers it to an editor, as far as the tests look at it. */
export type NodeJson = {
  id: number
  path: string
  version: number
  status: string
  data: Record<string, unknown>
}
export type List = { items: NodeJson[]; next: string | null }

/** Whatever version is there. */
export const any = { 'if-match': '*' }

export interface Programs {
  readonly it: ApiSite
  readonly boss: Program
  readonly publisher: Program
  readonly editor: Program
  readonly guest: Program
  /** The page where editors and publishers work. */
  readonly open: NodeJson
  /** Makes a recipe there, as the publisher. */
  make(more?: Record<string, unknown>): Promise<NodeJson & { etag: string; location: string | null }>
}

/** A site with a program for each role. */
export async function openPrograms(): Promise<Programs> {
  const it = await openApiSite()
  const boss = await it.program('admin')
  const publisher = await it.program('publisher')
  const open = (await boss.ask<NodeJson>('GET', '/nodes?path=/open')).body
  let n = 0
  return {
    it,
    boss,
    publisher,
    editor: await it.program('editor'),
    guest: await it.program(null),
    open,
    async make(more = {}) {
      n++
      const data = { text: 'Boil.', author: 'ann@example.com' }
      const body = { basetype: 'recipe', name: `Soup ${n}`, data, ...more }
      const answer = await publisher.ask<NodeJson>('POST', `/nodes/${open.id}/children`, body)
      expect(answer.status, JSON.stringify(answer.body)).toBe(201)
      return {
        ...answer.body,
        etag: answer.headers.get('etag')!,
        location: answer.headers.get('location'),
      }
    },
  }
}
