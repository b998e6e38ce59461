import type { Djet, Texts } from '../../../core/index.ts'

/** Keeps the language that the owner of an account has chosen. */
export async function setLanguage(djet: Djet, accountId: number, language: string): Promise<void> {
  await djet.query('update users.profile set language = $2 where account_id = $1', [accountId, language])
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
