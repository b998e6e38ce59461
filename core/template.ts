import type { DjetApp } from './djet.ts'
import type { Node } from './node/node.ts'

/**
 * The template of a node's page: its basetype's, be it one in Liquid; without one, or for core's own `page`, a file of the site named
 * after the node's path (`pages/about/team.eta`); without that the one of `page`, or the generic one, which shows any node field by field.
 */
export function templateOf(app: DjetApp, node: Node): string {
  const { template, liquid } = app.basetypes.get(node.basetype) ?? {}
  if (liquid !== undefined) return 'node/drawn.eta'
  const origin = app.origin.get(node.basetype)
  if (template !== undefined && origin !== 'core') return fullName(template, origin)
  const own = `pages${node.path === '/' ? '/index' : node.path}.eta`
  return app.renderer.has(own) ? own : (template ?? 'node/view.eta')
}

/** A basetype's template by its full name: `book.eta` of plugin `library` is `library/book.eta`. */
function fullName(template: string, origin: string | undefined): string {
  return template.includes('/') || origin === 'core' ? template : `${origin}/${template}`
}

/**
 * Looks whether the templates that basetypes name are there, so that it is not a visitor who finds out.
 * @throws {DjetError} TEMPLATE_MISSING
 */
export function checkTemplates({ basetypes, origin, renderer }: DjetApp): void {
  for (const { name, template } of basetypes.values()) {
    if (template === undefined) continue
    const plugin = origin.get(name)
    renderer.check(fullName(template, plugin), `basetype '${name}' (plugin '${plugin}')`)
  }
}
