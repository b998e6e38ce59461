import {
  type Basetype,
  buildBasetype,
  checkDefinition,
  type Djet,
  DjetError,
  didYouMean,
  type Field,
  messageOf,
  type Node,
  type SiteType,
  tryTemplate,
} from '../../../../core/index.ts'

/**
 * Checks what somebody wrote as the definition of a type, by itself and against the other types of the site, and
 * draws a page with its template.
 * @throws {DjetError} BASETYPE_INVALID, 422, with a message for each place: `fields.2.name`, `parents`, `template`
 */
export async function fittingDefinition(djet: Djet, name: string, input: unknown): Promise<SiteType> {
  const { definition, errors } = checkDefinition(input)
  if (definition === null) throw invalid(errors)
  const found: Record<string, string> = {}
  const basetype = buildBasetype(name, definition, 0)
  const types = new Map(djet.app.basetypes).set(name, basetype)
  checkNames(definition, types, found)
  if (Object.keys(found).length === 0) await checkReachable(djet, basetype, types, found)
  if (Object.keys(found).length === 0 && basetype.liquid !== undefined) {
    const problem = await templateProblem(djet, basetype, basetype.liquid)
    if (problem !== undefined) found.template = problem
  }
  if (Object.keys(found).length > 0) throw invalid(found)
  return definition
}

export function invalid(errors: Readonly<Record<string, string>>): DjetError {
  const list = Object.entries(errors).map(([place, message]) => `${place} ${message}`)
  return new DjetError('BASETYPE_INVALID', `the type cannot be saved like this: ${list.join('; ')}.`, {
    status: 422,
    fields: errors,
  })
}

/** Every type that is named must be there, and agree. */
function checkNames(
  definition: SiteType,
  types: ReadonlyMap<string, Basetype>,
  errors: Record<string, string>,
): void {
  const check = (place: string, names: readonly string[] | null | undefined): void => {
    for (const other of names ?? []) {
      if (!types.has(other))
        errors[place] ??= `names the type '${other}', which there is not.${didYouMean(other, types.keys())}`
    }
  }
  check('parents', definition.parents)
  check('children', definition.children)
  definition.fields.forEach(({ type, options }, i) => {
    if (type === 'node') check(`fields.${i}.options.basetypes`, options?.basetypes as string[] | undefined)
  })
}

/** A type that stands nowhere helps nobody: some chain of parents must lead to the root. */
async function checkReachable(
  djet: Djet,
  basetype: Basetype,
  types: ReadonlyMap<string, Basetype>,
  errors: Record<string, string>,
): Promise<void> {
  for (const parent of basetype.parents ?? []) {
    const { title = parent, children } = types.get(parent) ?? {}
    if (children === undefined || children.includes(basetype.name)) continue
    errors.parents = `names ${title} (${parent}), which takes only ${children.join(', ') || 'nothing'} below it`
    return
  }
  const [root] = await djet.query<{ basetype: string }>("select basetype from djet.node where path = '/'")
  const reached = new Set(root ? [root.basetype] : ['page'])
  for (let before = 0; before < reached.size; ) {
    before = reached.size
    for (const type of types.values()) {
      if (reached.has(type.name)) continue
      const above = [...reached].map((one) => types.get(one))
      if (above.some((parent) => parent !== undefined && stands(type, parent))) reached.add(type.name)
    }
  }
  if (reached.has(basetype.name)) return
  const where = basetype.parents?.join(', ') ?? 'any type'
  errors.parents = `would let it stand nowhere: it stands only under ${where}, and no way leads there from the home page`
}

function stands(type: Basetype, parent: Basetype): boolean {
  return (
    (type.parents === undefined || type.parents.includes(parent.name)) &&
    (parent.children === undefined || parent.children.includes(type.name))
  )
}

/** Draws a page full of examples, an empty one, and the latest there is; what goes wrong, in words. */
async function templateProblem(djet: Djet, basetype: Basetype, liquid: string): Promise<string | undefined> {
  const [latest] = await djet.query<{ id: number }>(
    'select id from djet.node where basetype = $1 order by id desc limit 1',
    [basetype.name],
  )
  const node = latest ? await djet.asSystem().nodes.get(latest.id) : null
  const samples: Readonly<Record<string, unknown>>[] = [
    examplesOf(basetype),
    {},
    ...(node ? [node.data] : []),
  ]
  for (const data of samples) {
    try {
      await tryTemplate(djet, basetype, liquid, { ...(node ?? sampleNode(basetype)), data })
    } catch (error) {
      return messageOf(error)
    }
  }
  return undefined
}

/** A node that is in no tree. */
function sampleNode({ name, title }: Basetype): Node {
  const now = new Date()
  return {
    id: 0,
    parentId: null,
    part: 'example',
    path: '/example',
    position: 0,
    basetype: name,
    name: title,
    title,
    data: {},
    acl: null,
    created: now,
    modified: now,
    createdBy: null,
    modifiedBy: null,
    version: 1,
    status: 'published',
  }
}

const EXAMPLES: readonly unknown[] = [
  'example@example.com',
  '2026-03-31',
  '/example',
  1,
  '1',
  true,
  '<p>Example</p>',
  [],
]

/** A value for each field that takes one of the examples. */
function examplesOf({ fields }: Basetype): Record<string, unknown> {
  const values: Record<string, unknown> = {}
  for (const [name, field] of Object.entries(fields)) {
    if (field.type === 'node' || field.type === 'file') continue
    const value = exampleOf(field)
    if (value !== undefined) values[name] = value
  }
  return values
}

function exampleOf(field: Field): unknown {
  const [choice] = (field.settings.choices ?? []) as { value: string }[]
  for (const example of [field.default, choice?.value, field.settings.min, ...EXAMPLES]) {
    if (example === undefined) continue
    try {
      return field.parse(example)
    } catch {
      // Not one for this field; the next may be.
    }
  }
  return undefined
}
