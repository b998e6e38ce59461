import type { Djet } from '../../../core/index.ts'
import { textsFor } from './language.ts'
import { MINUTES } from './token.ts'

/** Whom a mail goes to, in his language. */
interface Recipient {
  readonly name: string
  readonly login: string
  readonly email: string
}

/** What of an account a notice says was changed. */
export type Changed = 'the password' | 'the e-mail address' | 'the second factor' | 'the tokens for programs'

/** A link with which one chooses a new password. */
export async function mailPasswordLink(djet: Djet, to: Recipient, link: string): Promise<void> {
  const { t } = await textsFor(djet, to.login)
  const site = titleOf(djet)
  await djet.mail.send({
    to: to.email,
    subject: t('A new password for {{site}}', { site }),
    text: paragraphs(
      t('Hello {{name}},', { name: to.name }),
      t('somebody, probably you, asked for a new password at {{site}} for the login', { site }),
      `    ${to.login}`,
      t('Choose it here within {{count}} minutes; the link works once:', { count: MINUTES.password }),
      link,
      t('If it was not you, do nothing: your password stays as it is.'),
    ),
  })
}

/** A link with which somebody who was invited chooses his first password. */
export async function mailInvitation(
  djet: Djet,
  to: Recipient,
  link: string,
  from: string | undefined,
): Promise<void> {
  const { t } = await textsFor(djet, to.login)
  const site = titleOf(djet)
  await djet.mail.send({
    to: to.email,
    subject: t('Your login at {{site}}', { site }),
    text: paragraphs(
      t('Hello {{name}},', { name: to.name }),
      from === undefined
        ? t('you have a login at {{site}}:', { site })
        : t('{{from}} has made you a login at {{site}}:', { from, site }),
      `    ${to.login}`,
      t('Choose your password here within {{count}} days; the link works once:', {
        count: MINUTES.invitation / 60 / 24,
      }),
      link,
    ),
  })
}

/** Tells somebody that something of his account was changed, so that he notices when it was not he. */
export async function mailNotice(djet: Djet, to: Recipient, what: Changed): Promise<void> {
  const { t } = await textsFor(djet, to.login)
  const values = { login: to.login, site: titleOf(djet) }
  const said = {
    'the password': t('the password of your login {{login}} at {{site}} was changed.', values),
    'the e-mail address': t('the e-mail address of your login {{login}} at {{site}} was changed.', values),
    'the tokens for programs': t(
      'the tokens for programs of your login {{login}} at {{site}} were changed.',
      values,
    ),
    'the second factor': t('the second factor of your login {{login}} at {{site}} was changed.', values),
  }
  await djet.mail.send({
    to: to.email,
    subject: t('Your login at {{site}} was changed', values),
    text: paragraphs(
      t('Hello {{name}},', { name: to.name }),
      said[what],
      t('If it was not you, tell whoever runs the site.'),
    ),
  })
}

function paragraphs(...texts: string[]): string {
  return `${texts.join('\n\n')}\n`
}

/** The title of the site as a header can hold it. */
function titleOf({ config }: Djet): string {
  return config.site.title.replace(/\p{Cc}+/gu, ' ').slice(0, 100)
}
