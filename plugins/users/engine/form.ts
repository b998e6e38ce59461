import { DjetError, type EngineContext, sentence, wantsJson } from '../../../core/index.ts'
import { TooManyAttempts } from '../model/attempts.ts'

/** A posted text without spaces around it; empty when there is none. */
export function text(ctx: EngineContext, name: string): string {
  return typed(ctx, name).trim()
}

/** A posted text as it was typed: passwords. */
export function typed({ form }: EngineContext, name: string): string {
  const value = form[name]
  return typeof value === 'string' ? value : ''
}

export interface FormWork {
  /** Texts the form shows again when it failed; never a password. */
  readonly values?: Readonly<Record<string, string>>
  /** Shows the page with the form again. */
  readonly show: () => Promise<void>
  readonly work: () => Promise<void>
}

/**
 * Does what a form asks for, or shows it again with the message at its field. Programs get the error itself.
 * Whoever has tried too often is told how long to wait.
 */
export async function orForm(ctx: EngineContext, { values = {}, show, work }: FormWork): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (error instanceof TooManyAttempts) ctx.set('Retry-After', String(error.seconds))
    if (!(error instanceof DjetError) || !(error.fields || error instanceof TooManyAttempts)) throw error
    if (wantsJson(ctx)) throw error
    ctx.status = error.status
    ctx.payload.form = { values, errors: error.fields ?? { '': sentence(error.message) } }
    await show()
  }
}

/** A problem of single fields. */
export function fieldError(code: string, message: string, fields: Record<string, string>): DjetError {
  return new DjetError(code, message, { status: 422, fields })
}

/** @throws {DjetError} FORM_INVALID, 422, when one of the fields is empty */
export function requireFilled(ctx: EngineContext, names: readonly string[]): void {
  const empty = names.filter((name) => typed(ctx, name).trim() === '')
  if (empty.length === 0) return
  const fields = Object.fromEntries(empty.map((name) => [name, 'must be filled in']))
  throw fieldError('FORM_INVALID', `${empty.join(' and ')} must be filled in.`, fields)
}

/** Answers with a template whose content nobody else and no browser keeps. */
export async function renderSecret(
  ctx: EngineContext,
  template: string,
  values: Record<string, unknown>,
): Promise<void> {
  await ctx.render(template, values)
  ctx.set('Cache-Control', 'no-store')
}

/** Sets a cookie that only the pages below this node get, or takes it away. */
export function setTicket(ctx: EngineContext, name: string, token: string | null, minutes = 0): void {
  ctx.cookies.set(name, token, {
    httpOnly: true,
    sameSite: 'lax',
    secure: ctx.secure,
    path: ctx.below('/'),
    overwrite: true,
    ...(token === null ? {} : { maxAge: minutes * 60_000 }),
  })
}
