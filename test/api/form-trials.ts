import type { Action, Target } from './matrix.ts'

type Fields = Record<string, string>

/** Trials that post a form, at a path. */
export const form =
  (path: (target: Target) => string, body: (target: Target) => Fields = () => ({})): Action['trial'] =>
  (target) => ({ method: 'POST', path: path(target), body: body(target) })

/** At the page itself. */
export const page = (rest: string, fields: Fields = {}): Action['trial'] =>
  form(
    ({ path }) => path + rest,
    () => fields,
  )

/** At the administration, for the page. */
export const admin = (rest: string, body?: (target: Target) => Fields): Action['trial'] =>
  form(({ id }) => `/admin/node/${id}${rest}`, body)

/** At what else was prepared. */
export const other = (before: string, after = '', fields: Fields = {}): Action['trial'] =>
  form(
    ({ other }) => `${before}${String(other).split(' ')[0]}${after}`,
    () => fields,
  )

/** Needs of what administrators alone do. */
export const administrators = { roles: ['admin'] } as const
/** Needs of what all who work at the site do. */
export const staff = { roles: ['editor', 'publisher', 'admin'] } as const
