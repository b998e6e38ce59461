import { z } from 'zod'

/** A JSON Schema 2020-12, as far as the API writes them. */
export type JsonSchema = { readonly [key: string]: unknown }

/** Names a schema of the document's components. */
export function ref(name: string): JsonSchema {
  return { $ref: `#/components/schemas/${name}` }
}

/** A page of a list. */
export function pageOf(item: JsonSchema): JsonSchema {
  return {
    type: 'object',
    required: ['items', 'next'],
    properties: {
      items: { type: 'array', items: item },
      next: { type: ['string', 'null'], description: 'Address of the next page; null: this is the last.' },
    },
  }
}

/** The JSON Schema of what a zod schema takes (`input`) or gives (`output`). */
export function schemaOf(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io, unrepresentable: 'any', reused: 'inline' })
  return json
}

/** A point in time as answers give it. */
export const time = () => z.iso.datetime({ offset: true })
