import { defineField } from './define.ts'
import { type Field, FieldError, type FieldOptions } from './field.ts'

export interface NodeFieldOptions<R extends boolean = boolean> extends FieldOptions<number, R> {
  /** Names of the basetypes it may refer to; absent: any. */
  basetypes?: readonly string[]
}

/**
 * A reference to another node: its id. Whether such a node exists is asked of the tree when the node that refers
 * to it is stored.
 *
 * @example field.node({ title: 'Customer', required: true, basetypes: ['customer'] })
 */
export function node<const R extends boolean = false>(options: NodeFieldOptions<R> = {}): Field<number, R> {
  const { basetypes } = options
  return defineField(options, {
    type: 'node',
    settings: { basetypes },
    parse(input) {
      const id = typeof input === 'string' && /^\d+$/.test(input.trim()) ? Number(input) : input
      // node ids are PostgreSQL's int
      if (typeof id !== 'number' || !Number.isInteger(id) || id < 1 || id > 2_147_483_647) {
        throw new FieldError('must be the number (id) of a node')
      }
      return id
    },
    toText: () => '',
  })
}
