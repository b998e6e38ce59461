import { DjetError, type EngineContext, type Node, sentence, wantsJson } from '../../../core/index.ts'

/** A posted text without spaces around it; empty when there is none. */
export function text({ form }: EngineContext, name: string): string {
  const value = form[name]
  return typeof value === 'string' ? value.trim() : ''
}

/** A positive whole number that a row may have as its id; null for anything else. */
export function idOf(value: string | undefined): number | null {
  const id = Number(value)
  return value !== undefined && /^\d{1,10}$/.test(value) && id > 0 && id <= 2_147_483_647 ? id : null
}

/** The node that `:id` of a route names. @throws {DjetError} NODE_NOT_FOUND, 404, also for what may not be seen */
export async function nodeOf(ctx: EngineContext): Promise<Node> {
  const id = idOf(ctx.params.id)
  const node = id === null ? null : await ctx.djet.nodes.get(id)
  if (node) return node
  throw new DjetError('NODE_NOT_FOUND', 'this page does not exist, or is in the trash.', { status: 404 })
}

export interface FormWork {
  /** Texts the form shows again when it failed. */
  readonly values?: Readonly<Record<string, string>>
  /** Shows the page with the form again. */
  readonly show: () => Promise<void>
  readonly work: () => Promise<void>
}

/**
 * Does what a form asks for, or shows it again with what was typed and a message. Programs get the error itself, as
 * does everybody who may not or for what is not there.
 */
export async function orForm(ctx: EngineContext, { values = {}, show, work }: FormWork): Promise<void> {
  try {
    await work()
  } catch (error) {
    const ofForm = error instanceof DjetError && error.status < 500 && ![401, 403].includes(error.status)
    if (!ofForm || wantsJson(ctx)) throw error
    // What a form names and is not there makes the form wrong, not the page.
    ctx.status = error.status === 404 ? 422 : error.status
    ctx.payload.form = { values, errors: error.fields ?? { '': sentence(error.message) } }
    ctx.payload.problem = sentence(error.message)
    await show()
  }
}

/** Does what a button asks for and goes on to a place; what is refused is said there. */
export async function orFlash(ctx: EngineContext, to: string, work: () => Promise<string>): Promise<void> {
  let place = to
  try {
    place = await work()
  } catch (error) {
    const ofPage = error instanceof DjetError && error.status < 500 && ![401, 403].includes(error.status)
    if (!ofPage || wantsJson(ctx)) throw error
    ctx.flash(sentence(error.message), 'problem')
  }
  ctx.seeOther(place)
}

/** The tree with a node chosen in it. */
export function treeUrl(ctx: EngineContext, { id }: Pick<Node, 'id'>): string {
  return `${ctx.below('/tree')}?node=${id}#n-${id}`
}

/** That a node has a new address, in words; a draft leaves no redirect. */
export function nowAt({ name, path, status }: Node): string {
  return `${name} is now ${path}${status === 'draft' ? '' : '; its old addresses lead there'}.`
}
