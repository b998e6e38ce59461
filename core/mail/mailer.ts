import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { createTransport } from 'nodemailer'
import type { Logger } from 'pino'
import type { Config } from '../config.ts'
import { DjetError, messageOf } from '../error.ts'
import { type CheckedMessage, checkMessage, type MailMessage, parseAddress } from './message.ts'

/** Sends mail. */
export interface Mail {
  /**
   * Sends a mail and waits until the mail server has taken it, at most ten seconds. A site without a mail server
   * keeps it as a file below `var/mail/` and says so in the log. Send after a transaction has committed
   * (`djet.afterCommit`), not inside it.
   *
   * @throws {DjetError} MAIL_INVALID 422, MAIL_FAILED 502
   * @example
   * await djet.mail.send({ to: 'maria@example.com', subject: 'Your order', text: 'It is on its way.' })
   */
  send(message: MailMessage): Promise<void>
}

/** What the mailer needs of a site. */
export interface MailerOptions {
  readonly config: Pick<Config, 'dir' | 'mail' | 'site'>
  readonly log: Logger
  /** Milliseconds a mail server gets for one mail; 10,000 when absent. */
  readonly timeout?: number
}

const TIMEOUT = 10_000
/** Milliseconds that mails on their way get when the site stops. */
const GRACE = 3000

/** Sends the mails of a site by SMTP, or keeps them as files. */
export class Mailer implements Mail {
  readonly #config: MailerOptions['config']
  readonly #log: Logger
  readonly #timeout: number
  readonly #running = new Set<Promise<void>>()
  readonly #transport: ReturnType<typeof createTransport>

  constructor({ config, log, timeout = TIMEOUT }: MailerOptions) {
    this.#config = config
    this.#log = log
    this.#timeout = timeout
    // Attachments are given as content: neither files nor addresses are read in their name.
    const closed = { disableFileAccess: true, disableUrlAccess: true }
    this.#transport =
      config.mail.url === undefined
        ? createTransport({ streamTransport: true, buffer: true, ...closed })
        : createTransport({
            ...closed,
            url: config.mail.url,
            connectionTimeout: timeout,
            greetingTimeout: timeout,
            socketTimeout: timeout,
            dnsTimeout: timeout,
          })
  }

  async send(message: MailMessage): Promise<void> {
    const checked = checkMessage(message)
    const sending = this.#config.mail.url === undefined ? this.#keep(checked) : this.#deliver(checked)
    this.#running.add(sending)
    try {
      await sending
    } finally {
      this.#running.delete(sending)
    }
  }

  /** Waits for mails that are on their way, for a while. */
  async close(): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((done) => {
      timer = setTimeout(done, GRACE)
    })
    await Promise.race([Promise.allSettled(this.#running), late])
    clearTimeout(timer)
    this.#transport.close()
  }

  async #deliver(message: CheckedMessage): Promise<void> {
    const to = message.to.map(({ address }) => address).join(', ')
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, failed) => {
      const error = Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })
      timer = setTimeout(() => failed(error), this.#timeout)
    })
    const sending = this.#transport.sendMail(this.#compose(message))
    sending.catch(() => {})
    try {
      await Promise.race([sending, late])
      this.#log.info({ to, subject: message.subject }, 'mail sent')
    } catch (error) {
      const problem = reason(error, this.#timeout)
      this.#log.error({ err: error, to, subject: message.subject }, `mail not sent: ${problem}`)
      throw new DjetError('MAIL_FAILED', `the mail to ${to} could not be sent: ${problem}.`, {
        status: 502,
        expose: true,
        cause: error,
      })
    } finally {
      clearTimeout(timer)
    }
  }

  /** Writes what would have been sent: readable by this user only, for it may hold a link that logs in. */
  async #keep(message: CheckedMessage): Promise<void> {
    const { message: bytes } = (await this.#transport.sendMail(this.#compose(message))) as { message: Buffer }
    const folder = resolve(this.#config.dir, 'var/mail')
    const time = new Date().toISOString().replace(/[:.]/g, '-')
    const file = join(folder, `${time}-${randomBytes(3).toString('hex')}.eml`)
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await writeFile(file, bytes, { mode: 0o600 })
    const to = message.to.map(({ address }) => address).join(', ')
    const at = relative(this.#config.dir, file)
    this.#log.warn({ to, subject: message.subject, file: at }, `no mail server: kept as ${at}`)
  }

  #compose({ to, replyTo, subject, text, html, attachments = [] }: CheckedMessage) {
    const { site, mail } = this.#config
    const from = parseAddress(mail.from ?? '') ?? { name: site.title, address: 'noreply@localhost' }
    return {
      from: { ...from, name: from.name || site.title },
      to,
      ...(replyTo === undefined ? {} : { replyTo }),
      subject,
      text,
      ...(html === undefined ? {} : { html }),
      // Named one by one: nodemailer knows further keys, such as paths of files.
      attachments: attachments.map(({ filename, content, contentType }) => ({
        filename,
        content: content instanceof Uint8Array ? Buffer.from(content) : content,
        ...(contentType === undefined ? {} : { contentType }),
      })),
    }
  }
}

/** Why a mail was not taken, for people, without what only the log may know. */
function reason(error: unknown, timeout: number): string {
  const { code, response } = error as { code?: string; response?: string }
  if (code === 'ETIMEDOUT') return `the mail server did not answer within ${timeout / 1000} seconds`
  if (code === 'EAUTH') return 'the mail server refused the login of this site'
  if (code === 'ECONNECTION' || code === 'ESOCKET' || code === 'EDNS' || code === 'ETLS') {
    return 'the mail server cannot be reached'
  }
  if (response) return `the mail server said '${response.slice(0, 200).replace(/\p{Cc}+/gu, ' ')}'`
  return messageOf(error)
}
