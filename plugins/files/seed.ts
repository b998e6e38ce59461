import type { Djet } from '../../core/index.ts'
import { folder } from './basetypes.ts'

/** Makes the first folder of a site, below a parent that exists. */
export function seedFiles(path: string): (djet: Djet) => Promise<void> {
  return async (djet) => {
    if ((await djet.nodes.get(path)) !== null) return
    const cut = path.lastIndexOf('/')
    await djet.nodes.insert(path.slice(0, cut) || '/', {
      basetype: folder,
      part: path.slice(cut + 1),
      name: 'Files',
    })
  }
}
