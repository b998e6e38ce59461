import { type Djet, z } from '../../core/index.ts'
import { defineJob } from '../jobmachine/index.ts'
import { changeType } from './model/types/change.ts'

/** Changes a type that very many nodes have. Until it is done the type, and what the nodes hold, is as it was. */
export const changeTypeJob = defineJob('admin.change-type', change, {
  params: z.object({
    name: z.string(),
    /** The definition as it is to be, as JSON. */
    definition: z.unknown(),
    renames: z.record(z.string(), z.string()),
    /** The version it was asked for at. */
    ifVersion: z.int(),
    note: z.string(),
    /** Login of who asked for it. */
    by: z.string().nullable(),
  }),
  label: 'Change a basetype',
  description: 'Brings the data of all pages of a type into the shape of its new definition.',
  title: ({ name }) => `Change the type ${name}`,
  unique: { during: 'unfinished' },
  retries: 0,
  timeout: '2h',
  retention: '30d',
})

interface Asked {
  name: string
  definition?: unknown
  renames: Record<string, string>
  ifVersion: number
  note: string
  by: string | null
}

async function change(djet: Djet, { name, by, ...asked }: Asked): Promise<{ name: string; version: number }> {
  const type = await changeType(
    djet,
    name,
    { definition: asked.definition, renames: asked.renames, ifVersion: asked.ifVersion, note: asked.note },
    { by, seen: (nodes) => djet.task?.progress(nodes) },
  )
  return { name, version: type.version }
}
