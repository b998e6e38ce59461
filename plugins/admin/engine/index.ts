import { defineEngine } from '../../../core/index.ts'
import { accessRoutes } from './access.ts'
import { auditRoutes } from './audit.ts'
import { basetypeRoutes } from './basetypes.ts'
import { moveRoutes } from './move.ts'
import { nodeRoutes } from './node.ts'
import { redirectRoutes } from './redirects.ts'
import { trashRoutes } from './trash.ts'
import { treeRoutes } from './tree.ts'
import { versionRoutes } from './versions.ts'

/** Answers for the admin node: each part of the administration brings its routes. */
export const adminEngine = defineEngine((router) => {
  router.get('/', (ctx) => ctx.redirect(ctx.below('/tree')))
  treeRoutes(router)
  nodeRoutes(router)
  moveRoutes(router)
  versionRoutes(router)
  trashRoutes(router)
  redirectRoutes(router)
  auditRoutes(router)
  accessRoutes(router)
  basetypeRoutes(router)
})
