import type { Djet } from '../scope.ts'
import type { Node } from './node.ts'

/** What plugins say to whoever is about to put a node into the trash with all below it. */
export async function trashWarnings(djet: Djet, node: Node): Promise<string[]> {
  const said = await Promise.all(
    djet.app.plugins.map(({ trashWarnings }) => trashWarnings?.(djet, node) ?? []),
  )
  return said.flat()
}
