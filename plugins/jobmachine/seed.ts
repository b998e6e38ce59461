import type { Djet } from '../../core/index.ts'
import { jobmachineBasetype } from './basetypes.ts'

/** Makes the one jobmachine node of a site, below a parent that exists. */
export function seedJobs(path: string): (djet: Djet) => Promise<void> {
  return async (djet) => {
    const [there] = await djet.query("select 1 from djet.node where basetype = 'jobmachine'")
    if (there) return
    const cut = path.lastIndexOf('/')
    await djet.nodes.insert(path.slice(0, cut) || '/', {
      basetype: jobmachineBasetype,
      part: path.slice(cut + 1),
      name: 'Jobs',
      title: 'Jobs',
    })
  }
}
