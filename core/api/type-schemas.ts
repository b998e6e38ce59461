import type { Basetype } from '../basetype.ts'
import { changedDataSchema, dataSchema, newDataSchema, sampleData } from './field-schema.ts'
import { type JsonSchema, ref } from './json-schema.ts'

const line: JsonSchema = { type: 'string', minLength: 1, maxLength: 255 }
const at: JsonSchema = { type: 'string', format: 'date-time' }
const by: JsonSchema = { type: ['string', 'null'], description: 'Login; null: the site itself.' }
const status: JsonSchema = { enum: ['draft', 'published', 'unpublished'] }
const part: JsonSchema = {
  type: 'string',
  minLength: 1,
  maxLength: 200,
  description: 'Its step of the address.',
}

const nodeFacts: JsonSchema = {
  type: 'object',
  description:
    'A place of the tree. From `status` on for those who may edit it, `acl` for those who administer it.',
  required: ['id', 'parentId', 'path', 'part', 'basetype', 'name', 'title', 'data'],
  properties: {
    id: { type: 'integer', minimum: 1 },
    parentId: { type: ['integer', 'null'], description: 'Null: it is the root.' },
    path: { type: 'string' },
    part: { type: 'string' },
    basetype: { type: 'string' },
    name: { type: 'string', description: 'Short, for menus.' },
    title: { type: 'string', description: 'Heading of its page.' },
    data: { type: 'object' },
    status,
    version: { type: 'integer', minimum: 1 },
    position: { type: 'number' },
    created: at,
    createdBy: by,
    modified: at,
    modifiedBy: by,
    acl: { anyOf: [ref('Acl'), { type: 'null' }] },
  },
}

/** The schemas that the types of a site give: a node of each, and what makes and changes one. */
export function typeSchemas(basetypes: ReadonlyMap<string, Basetype>): Record<string, JsonSchema> {
  const types = [...basetypes.values()]
  const makeable = types.filter(({ sensitive }) => !sensitive)
  const schemas: Record<string, JsonSchema> = {
    Acl: {
      type: 'object',
      description: 'Role -> permissions; an empty list denies what the role has higher up.',
      additionalProperties: { type: 'array', items: { type: 'string' } },
    },
    NodeFacts: nodeFacts,
    Node: {
      oneOf: [...types.map(({ name }) => ref(named(name, 'Node'))), ref('OtherNode')],
      discriminator: { propertyName: 'basetype', mapping: mapping(types, 'Node') },
    },
    OtherNode: {
      description: 'A node whose type no plugin of the site brings any more.',
      allOf: [
        ref('NodeFacts'),
        { properties: { basetype: { not: { enum: types.map(({ name }) => name) } } } },
      ],
    },
    NewNode: {
      oneOf: makeable.map(({ name }) => ref(named(name, 'New'))),
      discriminator: { propertyName: 'basetype', mapping: mapping(makeable, 'New') },
    },
    NodeChange: change({ part }, types),
    DraftChange: change({}, types),
  }
  for (const type of types) Object.assign(schemas, schemasOf(type))
  return schemas
}

function schemasOf({ name, title, fields, sensitive }: Basetype): Record<string, JsonSchema> {
  const data = newDataSchema(fields)
  const made: JsonSchema = {
    type: 'object',
    title,
    required: ['basetype', ...(data.required ? ['data'] : [])],
    additionalProperties: false,
    properties: {
      basetype: { const: name },
      name: line,
      title: line,
      part: { ...part, description: 'Its step of the address; made from the name when absent.' },
      data: ref(named(name, 'NewData')),
      status: { enum: ['published', 'draft'] },
      acl: ref('Acl'),
    },
  }
  return {
    [named(name, 'Node')]: {
      title,
      allOf: [
        ref('NodeFacts'),
        { properties: { basetype: { const: name }, data: ref(named(name, 'Data')) } },
      ],
    },
    [named(name, 'Data')]: { title, ...dataSchema(fields) },
    [named(name, 'Change')]: { title, ...changedDataSchema(fields) },
    ...(sensitive ? {} : { [named(name, 'New')]: made, [named(name, 'NewData')]: { title, ...data } }),
  }
}

function change(more: Record<string, JsonSchema>, types: readonly Basetype[]): JsonSchema {
  return {
    type: 'object',
    description: 'What is not there stays as it is.',
    additionalProperties: false,
    properties: {
      name: line,
      title: line,
      ...more,
      note: {
        type: 'string',
        maxLength: 255,
        description: 'A line about the change, kept with the version.',
      },
      data: { anyOf: types.map(({ name }) => ref(named(name, 'Change'))) },
    },
  }
}

/** An example of a new node for each type of which one can be made up. */
export function newNodeExamples(
  basetypes: ReadonlyMap<string, Basetype>,
): Record<string, { value: unknown }> {
  const examples: Record<string, { value: unknown }> = {}
  for (const { name, title, fields, sensitive } of basetypes.values()) {
    const data = sensitive ? undefined : sampleData(fields)
    if (data === undefined) continue
    const filled = Object.keys(data).length > 0 ? { data } : {}
    examples[name] = { value: { basetype: name, name: `New ${title.toLowerCase()}`, ...filled } }
  }
  return examples
}

function mapping(types: readonly Basetype[], what: 'Node' | 'New'): Record<string, string> {
  return Object.fromEntries(types.map(({ name }) => [name, `#/components/schemas/${named(name, what)}`]))
}

/** Name of a schema of a type, which no other schema has: `order-import.Node`. */
function named(type: string, what: 'Node' | 'Data' | 'New' | 'NewData' | 'Change'): string {
  return `${type.replaceAll(/[^\w-]/g, '_')}.${what}`
}
