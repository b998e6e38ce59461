import type { Djet } from '../../core/index.ts'
import { adminBasetype } from './basetypes.ts'

/** Makes the one admin node of a site, below a parent that exists. */
export function seedAdmin(path: string): (djet: Djet) => Promise<void> {
  return async (djet) => {
    const [there] = await djet.query("select 1 from djet.node where basetype = 'admin'")
    if (there) return
    const cut = path.lastIndexOf('/')
    await djet.nodes.insert(path.slice(0, cut) || '/', {
      basetype: adminBasetype,
      part: path.slice(cut + 1),
      name: 'Admin',
      title: 'Administration',
    })
  }
}
