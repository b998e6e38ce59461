import {
  type ApiOperation,
  defineOperation,
  type JsonSchema,
  pageOf,
  ref,
  time,
  z,
} from '../../core/index.ts'
import { send } from '../jobmachine/index.ts'
import { changeTypeJob } from './change-type.ts'
import { changeType, createType, previewType, removeType } from './model/types/change.ts'
import { requireAdministrator, requireStored, storedTypes } from './model/types/stored.ts'

const TAG = 'Types made on the site'
const NAME: Record<string, JsonSchema> = { name: { type: 'string' } }
const definition = z
  .looseObject({ title: z.string() })
  .describe('Title, fields, parents, children, template and so on, as answers give it.')
const note = z.string().max(255).optional()

/** Schemas of types that are made on the site. */
export const typeShapes = {
  SiteType: z.object({
    name: z.string(),
    version: z.int(),
    definition: z.looseObject({
      title: z.string(),
      fields: z.array(z.looseObject({ name: z.string(), type: z.string() })),
    }),
    takenOver: z.string().nullable().describe('The plugin that brings a type of this name now.'),
    created: time(),
    createdBy: z.string().nullable(),
    modified: time(),
    modifiedBy: z.string().nullable(),
  }),
  TypeReport: z.looseObject({
    nodes: z.int().describe('How many there are; when `isMore`, at least.'),
    isMore: z.boolean(),
    byTask: z.boolean().describe('It would be done by a task, since there are very many.'),
    fields: z.array(z.looseObject({})),
  }),
}

/** Making and changing basetypes: for those who administer the site. */
export const typeOperations: readonly ApiOperation[] = [
  defineOperation({
    id: 'listTypes',
    method: 'GET',
    path: '/types',
    tag: TAG,
    summary: 'The types that were made on the site',
    description: 'All types, those of plugins too, are schemas of the document.',
    scope: 'administer',
    answers: { 200: { description: 'All of them.', schema: pageOf(ref('SiteType')) } },
    handle: async ({ djet }) => {
      await requireAdministrator(djet)
      return { body: { items: await storedTypes(djet), next: null } }
    },
  }),
  defineOperation({
    id: 'createType',
    method: 'POST',
    path: '/types',
    tag: TAG,
    summary: 'Make a type',
    scope: 'administer',
    body: z.strictObject({ name: z.string().min(1).max(60), definition, note }),
    bodyExample: {
      name: 'recipe',
      definition: { title: 'Recipe', fields: [{ name: 'text', type: 'html' }] },
    },
    answers: { 201: { description: 'It is made.', schema: ref('SiteType'), headers: ['ETag', 'Location'] } },
    errors: [409],
    handle: async ({ djet, body: { name, definition, note } }) => {
      const type = await createType(djet, { name, definition, ...(note === undefined ? {} : { note }) })
      return { status: 201, body: type, version: type.version, location: `/types/${type.name}` }
    },
  }),
  defineOperation({
    id: 'getType',
    method: 'GET',
    path: '/types/{name}',
    tag: TAG,
    summary: 'A type that was made on the site',
    scope: 'administer',
    params: NAME,
    answers: { 200: { description: 'The type.', schema: ref('SiteType'), headers: ['ETag'] } },
    errors: [404],
    handle: async ({ djet, params }) => {
      await requireAdministrator(djet)
      const type = await requireStored(djet, params.name!)
      return { body: type, version: type.version }
    },
  }),
  defineOperation({
    id: 'changeType',
    method: 'PUT',
    path: '/types/{name}',
    tag: TAG,
    summary: 'Change a type, and what its nodes hold',
    description:
      'With `dryRun` nothing is changed: the answer says what would be. Where very many nodes are to be gone through, a task does it (202).',
    scope: 'administer',
    ifMatch: 'required',
    changed: 'TYPE_CHANGED',
    params: NAME,
    body: z.strictObject({
      definition,
      renames: z
        .record(z.string(), z.string())
        .optional()
        .describe('New names of fields with those they had.'),
      note,
      dryRun: z.boolean().optional(),
    }),
    bodyExample: {
      definition: { title: 'Recipe', fields: [{ name: 'body', type: 'html' }] },
      renames: { body: 'text' },
    },
    answers: {
      200: {
        description: 'The type, or what the change would do.',
        schema: { anyOf: [ref('SiteType'), ref('TypeReport')] },
        headers: ['ETag'],
      },
      202: { description: 'A task does it.', headers: ['Location'] },
    },
    errors: [404, 409],
    handle: async ({ djet, params, body, expected }) => {
      const name = params.name!
      const { definition, renames = {}, note = '', dryRun } = body
      const report = await previewType(djet, name, { definition, renames })
      if (dryRun) return { body: report }
      const ifVersion = expected.ifVersion === undefined ? undefined : Number(expected.ifVersion)
      if (report.byTask) {
        const version = ifVersion ?? (await requireStored(djet, name)).version
        const by = djet.user?.login ?? null
        const task = await send(djet, changeTypeJob, {
          name,
          definition,
          renames,
          ifVersion: version,
          note,
          by,
        })
        return { status: 202, location: `/tasks/${task.id}` }
      }
      const change = { definition, renames, note, ...(ifVersion === undefined ? {} : { ifVersion }) }
      const type = await changeType(djet, name, change)
      return { body: type, version: type.version }
    },
  }),
  defineOperation({
    id: 'deleteType',
    method: 'DELETE',
    path: '/types/{name}',
    tag: TAG,
    summary: 'Delete a type that no node has',
    scope: 'administer',
    ifMatch: 'required',
    changed: 'TYPE_CHANGED',
    params: NAME,
    answers: { 204: { description: 'It is gone; its versions stay.' } },
    errors: [404, 409],
    handle: async ({ djet, params, expected }) => {
      const ifVersion = expected.ifVersion === undefined ? undefined : Number(expected.ifVersion)
      await removeType(djet, params.name!, ifVersion)
      return {}
    },
  }),
]
