import { fileURLToPath } from 'node:url'
import { type DjetApp, openSite } from '../../core/index.ts'
import { answerCalls } from '../shared/child.ts'
import { median } from '../shared/statistics.ts'

// Djet as `djet start` runs it, on the tree of the bench.
let app: DjetApp | undefined

answerCalls(
  {
    serve: async (databaseUrl: string) => {
      app = await openSite(fileURLToPath(new URL('site', import.meta.url)), { databaseUrl })
      await app.prepare()
      return (await app.start()).url.replace('localhost', '127.0.0.1')
    },
    /** Milliseconds that moving a branch (there, back and there again), copying, trashing and restoring it took. */
    changeBranch: async (id: number) => {
      const { nodes } = app!.scope()
      const moves: number[] = []
      for (const parent of ['/deep', '/', '/deep']) {
        const begun = performance.now()
        await nodes.move(id, { parent })
        moves.push(performance.now() - begun)
      }
      const moved = performance.now()
      await nodes.duplicate(id, { deep: true })
      const copied = performance.now()
      const item = await nodes.trash(id)
      const trashed = performance.now()
      await nodes.restoreTrash(item.id)
      return {
        move: median(moves),
        copy: copied - moved,
        trash: trashed - copied,
        restore: performance.now() - trashed,
      }
    },
  },
  () => app?.stop(),
)
