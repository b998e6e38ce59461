import { serveSite } from '../shared/site-server.ts'
import { median } from '../shared/statistics.ts'

serveSite(new URL('site/', import.meta.url), (app) => ({
  /** Milliseconds that moving a branch (there, back and there again), copying, trashing and restoring it took. */
  changeBranch: async (id: number) => {
    const { nodes } = app().scope()
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
}))
