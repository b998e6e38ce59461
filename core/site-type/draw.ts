import type { Basetype } from '../basetype.ts'
import { messageOf } from '../error.ts'
import { isEmpty } from '../field/index.ts'
import type { Node, Page } from '../node/node.ts'
import { encodePath, type Payload } from '../payload.ts'
import type { Djet } from '../scope.ts'

/**
 * The body of a page whose type has a Liquid template. Null: it could not be drawn, which the log tells and previews say;
 * visitors then get the fields one below the other.
 */
export async function drawPage(djet: Djet, payload: Payload): Promise<string | null> {
  const { liquid } = payload.basetype
  if (liquid === undefined) return null
  try {
    return await drawWith(djet, payload, liquid)
  } catch (error) {
    // What is shown instead is not to be kept: asking for the connection marks the page so.
    void djet.connection
    payload.drawProblem = messageOf(error)
    djet.log.warn(
      `the template of the type ${payload.basetype.name} failed at ${payload.path}: ${payload.drawProblem}`,
    )
    return null
  }
}

/**
 * Draws a page with a template, be it one that is only being tried out.
 * @throws {DjetError} TEMPLATE_BROKEN, 422
 */
export async function drawWith(
  djet: Djet,
  payload: Payload,
  liquid: string,
  strict = false,
): Promise<string> {
  const { app } = djet
  const { node, basetype, site } = payload
  const list = /\bchildren\b/.test(liquid) ? await payload.children : { items: [], next: null }
  const values = {
    site: { title: site.title },
    node: placeOf(node),
    fields: valuesOf(basetype, node),
    labels: labelsOf(payload, basetype),
    children: list.items.map((child) => {
      const type = app.basetypes.get(child.basetype)
      return { ...placeOf(child), fields: type ? valuesOf(type, child) : {} }
    }),
  }
  return app.liquid.render(
    liquid,
    values,
    {
      field: (name) => payload.viewField(name),
      children: (how, fields) => drawChildren(djet, payload, list, how, fields),
      amount: (value) => payload.formatAmount(value),
    },
    strict,
  )
}

function drawChildren(
  djet: Djet,
  payload: Payload,
  page: Page<Node>,
  how: string,
  fields: readonly string[],
): Promise<string> {
  const template = how === 'cards' ? 'node/cards.eta' : 'node/children.eta'
  return djet.app.renderer.render(template, {
    ...payload,
    page,
    how,
    columns: columnsOf(djet, payload, page, fields),
  })
}

/** Columns of a table of children, with how each child's value is written. */
function columnsOf(djet: Djet, payload: Payload, page: Page<Node>, names: readonly string[]) {
  const types = page.items.map(({ basetype }) => djet.app.basetypes.get(basetype))
  return names.map((name) => {
    const fieldOf = (type?: Basetype) =>
      type && Object.hasOwn(type.fields, name) ? type.fields[name] : undefined
    const field = types.map(fieldOf).find((each) => each !== undefined)
    return {
      name,
      title: payload.fieldTitle(name, field),
      text: (child: Node): string => {
        const own = fieldOf(djet.app.basetypes.get(child.basetype))
        const value = child.data[name]
        if (own === undefined || own.type === 'protected' || isEmpty(value)) return ''
        return own.type === 'html' ? own.toText(value) : own.toForm(value)
      },
    }
  })
}

function placeOf(node: Node) {
  const { name, title, path, part, basetype, created, modified } = node
  return { name, title, path, part, type: basetype, url: encodePath(path), created, modified }
}

/** The values of the fields that everybody sees; empty ones as null, so that a template may ask for them. */
function valuesOf({ fields }: Basetype, { data }: Node): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([, { type }]) => type !== 'protected')
      .map(([name]) => [name, data[name] ?? null]),
  )
}

function labelsOf(payload: Payload, { fields }: Basetype): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [name, payload.fieldTitle(name, field)]),
  )
}
