import { DjetError, messageOf } from '../error.ts'
import { notFound } from './node-store.ts'
import type { NodeRef } from './nodes.ts'

/**
 * Says in Djet's words what the database refused.
 * @throws {DjetError} NODE_PATH_TOO_LONG and NODE_TOO_DEEP, 422; NODE_NOT_UNIQUE and NODE_GUARDED, 409; NODE_NOT_FOUND when the parent was deleted meanwhile
 */
export async function told<T>(query: Promise<T>, parent: NodeRef | null): Promise<T> {
  try {
    return await query
  } catch (error) {
    const { code, constraint, detail } = error as { code?: string; constraint?: string; detail?: string }
    if (code === 'DJ002') {
      const problem = 'makes the whole address longer than 2000 bytes'
      throw new DjetError('NODE_PATH_TOO_LONG', `the part of the address ${problem}.`, {
        status: 422,
        fields: { part: problem },
        cause: error,
      })
    }
    if (code === 'DJ004') {
      throw new DjetError('NODE_TOO_DEEP', 'a page may stand at most 64 levels deep.', {
        status: 422,
        cause: error,
      })
    }
    if (code === '23505' && constraint !== 'node_path_key') {
      // An index of a plugin, such as one on the number of an order.
      const [, value] = /=\((.*)\) already exists/.exec(detail ?? '') ?? []
      const what = value === undefined ? 'a value' : `'${value}'`
      const fields = uniqueField(detail ?? '')
      const options = { status: 409, cause: error, ...(fields && { fields }) }
      throw new DjetError(
        'NODE_NOT_UNIQUE',
        `there is another node with ${what}, which only one may have (${constraint}).`,
        options,
      )
    }
    if (code === 'DJ003') {
      // Raised by a plugin's trigger that guards what the site cannot do without.
      throw new DjetError('NODE_GUARDED', `${messageOf(error)}.`, { status: 409, cause: error })
    }
    if (code === '23503' && parent !== null) throw notFound(parent)
    throw error
  }
}

/** The message at a field, when the index is one on that field: `(data->>'sku')`, or `(basetype, (data->>'sku'))`. */
function uniqueField(detail: string): Record<string, string> | undefined {
  const keys = /^Key \((basetype, )?\W*(?:lower)?\W*data ->> '(\w+)'::text[^,]*?\)=\((.*)\) already exists/
  const [, ofType, field, values = ''] = keys.exec(detail) ?? []
  if (field === undefined) return undefined
  const value = ofType === undefined ? values : values.replace(/^[^,]*, /, '')
  return { [field]: `must be another one: '${value}' is taken` }
}
