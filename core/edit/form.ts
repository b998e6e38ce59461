import type { Basetype } from '../basetype.ts'
import type { EngineContext, EngineMiddleware } from '../engine.ts'
import { DjetError } from '../error.ts'
import { changeRows } from '../field/rows.ts'
import { wantsJson } from '../http/accept.ts'
import { checksToken, isOwnPage, requireFormToken } from '../http/csrf.ts'
import { encodePath } from '../payload.ts'
import type { Djet } from '../scope.ts'
import { type Conflict, conflictOf } from './conflict.ts'
import { checkForm, failForm } from './own-form.ts'
import { typeChanged } from './type-changed.ts'

/** A generic form for the fields of a type. */
export interface EditForm {
  readonly basetype: Basetype
  readonly template: string
  /** Of a node that is there: what is not sent stays as it is. */
  readonly partial: boolean
  /** What its template shows beside the fields. */
  readonly shown: Readonly<Record<string, unknown>>
}

/** What the forms of every node ask for beside its fields. */
export function textsOf({ form }: EngineContext): { name: string; title: string; part: string } {
  const text = (value: unknown) => (typeof value === 'string' ? value.trim() : '')
  return { name: text(form.name), title: text(form.title), part: text(form.part) }
}

/** Checks a form and saves it; a failed one comes back filled in, with a message at each field. */
export async function saveForm(
  ctx: EngineContext,
  form: EditForm,
  write: (djet: Djet, data: Record<string, unknown>) => Promise<string>,
): Promise<void> {
  const { basetype, partial } = form
  const changed = wantsJson(ctx) ? undefined : changeRows(basetype.fields, ctx.form, ctx.form.do)
  if (changed !== undefined) {
    await showAgain(ctx, form, { status: 200, values: changed, errors: {} })
    return
  }
  const held = partial ? [ctx.node.data, ctx.payload.editing.data] : []
  const { data, typed, files, problems } = await checkForm(ctx, basetype.fields, { partial, held })
  let conflict: Conflict | undefined
  if (!textsOf(ctx).name) problems.name = 'must be filled in'
  const meanwhile = typeChanged(ctx, basetype)
  if (meanwhile !== undefined) problems[''] = meanwhile
  try {
    if (Object.keys(problems).length === 0) {
      const path = await ctx.djet.transaction(async (djet) => {
        for (const { id } of Object.values(files)) await djet.files.keep(id)
        return write(djet, data)
      })
      ctx.seeOther(encodePath(path))
      return
    }
  } catch (error) {
    const forForm = error instanceof DjetError && error.status >= 409 && error.status < 500
    if (!forForm || wantsJson(ctx)) throw error
    if (error.code === 'NODE_CHANGED') conflict = conflictOf(basetype, error)
    else Object.assign(problems, error.fields ?? { '': error.message })
  }
  if (wantsJson(ctx)) {
    const message = `${basetype.title} cannot be saved as it was sent.`
    throw new DjetError('FORM_INVALID', message, { status: 422, fields: problems })
  }
  await showAgain(ctx, form, {
    status: conflict ? 409 : 422,
    values: { ...typed, ...conflict?.values },
    errors: problems,
    ...(conflict ? { conflict } : {}),
  })
}

interface Failed {
  readonly status: number
  readonly values: Readonly<Record<string, unknown>>
  readonly errors: Readonly<Record<string, string>>
  readonly conflict?: Conflict
}

/** Shows a form with what was typed into it. */
async function showAgain(ctx: EngineContext, { basetype, template, shown }: EditForm, failed: Failed) {
  const { status, values, errors, conflict } = failed
  failForm(ctx, errors, { status, values })
  const { form } = ctx.payload
  await ctx.render(template, { newBasetype: basetype, form, ...shown, ...(conflict ? { conflict } : {}) })
}

/**
 * Route middleware: a form that has expired comes back with what was typed into it. Only what a page of this site sent is shown again.
 */
export function keepTyped(formOf: (ctx: EngineContext) => Promise<EditForm>): EngineMiddleware {
  return checksToken(async (context, next) => {
    const ctx = context as EngineContext
    try {
      if (!ctx.is('multipart/form-data')) requireFormToken(ctx)
      await next()
    } catch (error) {
      const returns = error instanceof DjetError && error.code === 'FORM_EXPIRED'
      if (!returns || wantsJson(ctx) || !isOwnPage(ctx) || !ctx.payload.can('edit')) throw error
      const errors = { '': 'This form had expired. What you typed is below: save it again.' }
      await showAgain(ctx, await formOf(ctx), { status: error.status, values: ctx.form, errors })
    }
  })
}
