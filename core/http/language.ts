import type { Middleware } from 'koa'
import { LANGUAGE_COOKIE, type Languages } from '../i18n/languages.ts'
import { isLocalPath } from './local-path.ts'

/** Milliseconds a chosen language is remembered. */
const REMEMBERED = 365 * 24 * 60 * 60 * 1000

/** `/-/language?to=da&return=/path`: keeps the language a visitor chooses in a cookie and goes back. */
export function languageSwitch(languages: Languages): Middleware {
  return async (ctx, next) => {
    if (ctx.path !== '/-/language' || (ctx.method !== 'GET' && ctx.method !== 'HEAD')) return next()
    const { to, return: back } = ctx.query
    const language = languages.find(to)
    if (language !== undefined) keepLanguage(ctx, language)
    ctx.set('Cache-Control', 'no-store')
    ctx.status = 303
    ctx.redirect(isLocalPath(back) ? back : '/')
  }
}

/** Remembers a language for this browser. */
export function keepLanguage(
  ctx: { secure: boolean; cookies: { set(name: string, value: string, options: object): unknown } },
  language: string,
): void {
  ctx.cookies.set(LANGUAGE_COOKIE, language, {
    httpOnly: true,
    sameSite: 'lax',
    secure: ctx.secure,
    maxAge: REMEMBERED,
    overwrite: true,
  })
}
