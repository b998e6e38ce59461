import type { DjetApp } from './djet.ts'
import type { Node } from './node/node.ts'

/**
 * The template of a node's page: its basetype's, be it one in Liquid; without one a file of the site named after the node's path
 * (`pages/about/team.eta`); without that the generic one, which shows any node field by field.
 */
export function templateOf(app: DjetApp, node: Node): string {
  const { template, liquid } = app.basetypes.get(node.basetype) ?? {}
  if (liquid !== undefined) return 'node/drawn.eta'
  if (template !== undefined) {
    const origin = app.origin.get(node.basetype)
    return template.includes('/') || origin === 'core' ? template : `${origin}/${template}`
  }
  const own = `pages${node.path === '/' ? '/index' : node.path}.eta`
  return app.renderer.has(own) ? own : 'node/view.eta'
}
