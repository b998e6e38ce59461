import { type Djet, DjetError, type Texts } from '../../../core/index.ts'

/** Keeps the language that is chosen for an account; null: none. */
export async function setLanguage(djet: Djet, accountId: number, language: string | null): Promise<void> {
  await djet.query(
    `update users.profile set language = $2, version = version + 1
     where account_id = $1 and language is distinct from $2`,
    [accountId, language],
  )
}

/** A language of the site as it is written there. @throws {DjetError} LANGUAGE_UNKNOWN, 422 */
export function requireLanguage({ app }: Djet, given: string): string {
  const language = app.languages.find(given)
  if (language !== undefined) return language
  const message = `'${given.slice(0, 100)}' is no language of this site.`
  throw new DjetError('LANGUAGE_UNKNOWN', message, { status: 422, fields: { language: message } })
}

/** The language that somebody has chosen, where the site still has it; null: none. */
export async function languageOf(djet: Djet, login: string): Promise<string | null> {
  const [row] = await djet.query<{ language: string | null }>(
    `select p.language from users.profile p join djet.account a on a.id = p.account_id where a.login = $1`,
    [login],
  )
  return djet.app.languages.find(row?.language) ?? null
}

/** Texts for somebody who is written to: in his language, else in that of who writes. */
export async function textsFor(djet: Djet, login: string): Promise<Texts> {
  return djet.app.languages.texts((await languageOf(djet, login)) ?? djet.texts.language)
}
