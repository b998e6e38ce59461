import type { Djet } from '../../../core/index.ts'
import { MINUTES } from './token.ts'

/** Whom a mail goes to. */
interface Recipient {
  readonly name: string
  readonly login: string
  readonly email: string
}

/** A link with which one chooses a new password. */
export function mailPasswordLink(djet: Djet, to: Recipient, link: string): Promise<void> {
  const site = titleOf(djet)
  return djet.mail.send({
    to: to.email,
    subject: `A new password for ${site}`,
    text: `Hello ${to.name},

somebody, probably you, asked for a new password at ${site} for the login

    ${to.login}

Choose it here within ${MINUTES.password} minutes; the link works once:

${link}

If it was not you, do nothing: your password stays as it is.
`,
  })
}

/** A link with which somebody who was invited chooses his first password. */
export function mailInvitation(
  djet: Djet,
  to: Recipient,
  link: string,
  from: string | undefined,
): Promise<void> {
  const site = titleOf(djet)
  return djet.mail.send({
    to: to.email,
    subject: `Your login at ${site}`,
    text: `Hello ${to.name},

${from === undefined ? 'you have' : `${from} has made you`} a login at ${site}:

    ${to.login}

Choose your password here within ${MINUTES.invitation / 60 / 24} days; the link works once:

${link}
`,
  })
}

/** Tells somebody that something of his account (`the password`) was changed, so that he notices when it was not he. */
export function mailNotice(djet: Djet, to: Recipient, what: string): Promise<void> {
  const site = titleOf(djet)
  return djet.mail.send({
    to: to.email,
    subject: `Your login at ${site} was changed`,
    text: `Hello ${to.name},

${what} of your login ${to.login} at ${site} was changed.

If it was not you, tell whoever runs the site.
`,
  })
}

/** The title of the site as a header can hold it. */
function titleOf({ config }: Djet): string {
  return config.site.title.replace(/\p{Cc}+/gu, ' ').slice(0, 100)
}
