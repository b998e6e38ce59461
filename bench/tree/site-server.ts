import { fileURLToPath } from 'node:url'
import { type DjetApp, openSite } from '../../core/index.ts'
import { answerCalls } from '../shared/child.ts'

// Djet as `djet start` runs it, on the tree of the bench.
let app: DjetApp | undefined

answerCalls(
  {
    serve: async (databaseUrl: string) => {
      app = await openSite(fileURLToPath(new URL('site', import.meta.url)), { databaseUrl })
      await app.prepare()
      return (await app.start()).url.replace('localhost', '127.0.0.1')
    },
    /** Milliseconds that moving a branch, copying it, trashing it and restoring it took. */
    changeBranch: async (id: number) => {
      const { nodes } = app!.scope()
      const begun = performance.now()
      await nodes.move(id, { parent: '/deep' })
      const moved = performance.now()
      await nodes.duplicate(id, { deep: true })
      const copied = performance.now()
      const item = await nodes.trash(id)
      const trashed = performance.now()
      await nodes.restoreTrash(item.id)
      return {
        move: moved - begun,
        copy: copied - moved,
        trash: trashed - copied,
        restore: performance.now() - trashed,
      }
    },
  },
  () => app?.stop(),
)
