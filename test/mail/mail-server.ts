import type { AddressInfo } from 'node:net'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'

export interface ReceivedMail {
  readonly from: string
  readonly to: readonly string[]
  /** Everything, as it was sent. */
  readonly raw: string
  /** The text, decoded. */
  readonly text: string
  /** A header, decoded as far as it is ASCII. */
  header(name: string): string | undefined
}

/** A mail server on a free port of this machine that keeps what it gets. */
export class MailServer {
  readonly mails: ReceivedMail[] = []
  readonly #server: SMTPServer

  private constructor(options: SMTPServerOptions) {
    this.#server = new SMTPServer({
      disabledCommands: ['STARTTLS', 'AUTH'],
      disableReverseLookup: true,
      logger: false,
      onData: (stream, session, done) => {
        const chunks: Buffer[] = []
        stream.on('data', (chunk: Buffer) => chunks.push(chunk))
        stream.on('end', () => {
          const { mailFrom, rcptTo } = session.envelope
          this.mails.push({
            from: mailFrom ? mailFrom.address : '',
            to: rcptTo.map(({ address }) => address),
            ...read(Buffer.concat(chunks).toString()),
          })
          done()
        })
      },
      ...options,
    })
    this.#server.on('error', () => {})
  }

  static async open(options: SMTPServerOptions = {}): Promise<MailServer> {
    const server = new MailServer(options)
    await new Promise<void>((done) => server.#server.listen(0, '127.0.0.1', () => done()))
    return server
  }

  get url(): string {
    return `smtp://127.0.0.1:${(this.#server.server.address() as AddressInfo).port}`
  }

  /** The next mail to an address, waited for at most ten seconds; it is taken out. */
  async take(address: string): Promise<ReceivedMail> {
    const until = Date.now() + 10_000
    for (;;) {
      const at = this.mails.findIndex(({ to }) => to.includes(address))
      if (at >= 0) return this.mails.splice(at, 1)[0]!
      if (Date.now() > until) throw new Error(`no mail came for ${address}`)
      await new Promise((done) => setTimeout(done, 20))
    }
  }

  async close(): Promise<void> {
    await new Promise<void>((done) => this.#server.close(() => done()))
  }
}

function read(raw: string): Pick<ReceivedMail, 'raw' | 'text' | 'header'> {
  const [head = '', ...parts] = raw.split('\r\n\r\n')
  const unfolded = head.replace(/\r\n[ \t]+/g, ' ')
  return {
    raw,
    text: parts
      .join('\n\n')
      .replace(/=\r\n/g, '')
      .replace(/(=[0-9A-F]{2})+/g, (bytes) => Buffer.from(bytes.replaceAll('=', ''), 'hex').toString()),
    header: (name) => new RegExp(`^${name}: (.*)$`, 'im').exec(unfolded)?.[1],
  }
}

/** The path and query of the first link in a mail. */
export function linkIn({ text }: ReceivedMail): string {
  const link = /https?:\/\/\S+/.exec(text)?.[0]
  if (!link) throw new Error(`no link in: ${text}`)
  const { pathname, search } = new URL(link)
  return pathname + search
}
