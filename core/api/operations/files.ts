import { DjetError } from '../../error.ts'
import { ref } from '../json-schema.ts'
import { type ApiOperation, defineOperation } from '../operation.ts'
import { idParam } from '../problem.ts'

/** Files for file fields. */
export const fileOperations: readonly ApiOperation[] = [
  defineOperation({
    id: 'uploadFile',
    method: 'POST',
    path: '/nodes/{node}/files',
    tag: 'Nodes',
    summary: 'Upload a file for a field of a node, or of one below it',
    description:
      'One file, in the form field `file`. Its id is then the value of a file field; what is not used within a day is removed.',
    scope: 'write',
    upload: true,
    answers: { 201: { description: 'It is stored.', schema: ref('File') } },
    errors: [404, 413, 415, 422],
    handle: async ({ djet, ctx, params, receive }) => {
      await djet.require('edit', await djet.nodes.require(idParam(params.node)))
      await receive()
      const file = ctx.files.file?.[0]
      if (file) return { status: 201, body: file }
      throw new DjetError('FILE_MISSING', "send one file, in the field 'file'.", {
        status: 422,
        fields: { file: 'must be a file' },
      })
    },
  }),
]
