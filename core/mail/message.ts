import type { Readable } from 'node:stream'
import { z } from 'zod'
import { DjetError } from '../error.ts'
import { isStorable } from '../node/text.ts'

/** Addresses of one message. */
const MOST_RECIPIENTS = 100
const LONGEST_SUBJECT = 255

export interface Attachment {
  /** Name the reader sees, e.g. `invoice.pdf`. */
  readonly filename: string
  readonly content: string | Uint8Array | Readable
  /** E.g. `application/pdf`; by the name when absent. */
  readonly contentType?: string
}

/** A mail to be sent. */
export interface MailMessage {
  /** `maria@example.com`, `Maria Anders <maria@example.com>`, or several. */
  readonly to: string | readonly string[]
  /** Where answers go; the sender when absent. */
  readonly replyTo?: string
  /** One line. */
  readonly subject: string
  readonly text: string
  /** The same as HTML, for readers that show it. */
  readonly html?: string
  readonly attachments?: readonly Attachment[]
}

/** A name, which may be empty, and an address. */
export interface MailAddress {
  readonly name: string
  readonly address: string
}

const address = z.email().max(254)

/**
 * Reads `maria@example.com` or `Maria Anders <maria@example.com>`. Undefined when it is neither: two addresses, or
 * one with characters that would begin a new header.
 */
export function parseAddress(text: string): MailAddress | undefined {
  if (text.length > 600 || !isStorable(text)) return undefined
  const named = /^\s*(?:"([^"]*)"|([^<>"]*?))\s*<([^<>]+)>\s*$/.exec(text)
  const found = named
    ? { name: named[1] ?? named[2] ?? '', address: named[3]! }
    : { name: '', address: text.trim() }
  return address.safeParse(found.address).success ? found : undefined
}

/** A message whose headers are safe to send. */
export interface CheckedMessage extends Omit<MailMessage, 'to' | 'replyTo'> {
  readonly to: MailAddress[]
  readonly replyTo?: MailAddress
}

/** @throws {DjetError} MAIL_INVALID, 422: an address that is none, a subject or file name of several lines */
export function checkMessage(message: MailMessage): CheckedMessage {
  const { to, replyTo, subject, text, html, attachments = [] } = message
  const list = typeof to === 'string' ? [to] : to
  if (list.length === 0 || list.length > MOST_RECIPIENTS) {
    throw invalid(`a mail goes to 1 to ${MOST_RECIPIENTS} addresses, not to ${list.length}`)
  }
  if (subject.trim() === '' || subject.length > LONGEST_SUBJECT || !isStorable(subject)) {
    throw invalid(`the subject of a mail is one line of 1 to ${LONGEST_SUBJECT} characters`)
  }
  for (const { filename, contentType = '' } of attachments) {
    if (filename === '' || !isStorable(filename) || !isStorable(contentType)) {
      throw invalid('an attachment needs a name of one line')
    }
  }
  return {
    to: list.map(required),
    ...(replyTo === undefined ? {} : { replyTo: required(replyTo) }),
    subject,
    text,
    ...(html === undefined ? {} : { html }),
    attachments,
  }
}

function required(text: string): MailAddress {
  const found = parseAddress(text)
  if (found) return found
  throw invalid(`'${text.slice(0, 100).replace(/\p{Cc}/gu, ' ')}' is no e-mail address`)
}

function invalid(problem: string): DjetError {
  return new DjetError('MAIL_INVALID', `${problem}.`, { status: 422 })
}
