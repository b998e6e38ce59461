import { createServer, connect as open, type Server, type Socket } from 'node:net'

/**
 * A piece of network between a process and PostgreSQL: passes bytes on, cuts connections, or goes silent as a cable
 * does that was pulled: nothing arrives, nothing is refused, nobody is told.
 */
export class Cable {
  readonly #server: Server
  readonly #pairs = new Set<readonly [Socket, Socket]>()
  readonly #target: { readonly host: string; readonly port: number }
  #isSilent = false
  #isClosed = false

  private constructor(target: { host: string; port: number }) {
    this.#target = target
    this.#server = createServer({ keepAlive: false }, (inner) => this.#accept(inner))
  }

  /** Starts one on a free port, in front of the server of this URL. */
  static async start(databaseUrl: string): Promise<Cable> {
    const { hostname, port } = new URL(databaseUrl)
    const cable = new Cable({ host: hostname, port: Number(port) })
    await new Promise<void>((resolve) => cable.#server.listen(0, '127.0.0.1', resolve))
    return cable
  }

  /** The same database, by way of this. */
  url(databaseUrl: string): string {
    const url = new URL(databaseUrl)
    const address = this.#server.address()
    url.hostname = '127.0.0.1'
    url.port = String(typeof address === 'object' ? address?.port : '')
    return url.href
  }

  /** Connections that are open. */
  get connections(): number {
    return this.#pairs.size
  }

  /** Breaks all connections; new ones are let through. */
  cut(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.resetAndDestroy()
  }

  /** Breaks all connections and lets nobody through until `open`. */
  close(): void {
    this.#isClosed = true
    this.cut()
  }

  open(): void {
    this.#isClosed = false
  }

  /** Goes silent, in both directions; connections stay, new ones are taken and get no answer. */
  silence(): void {
    this.#isSilent = true
    for (const pair of this.#pairs) for (const socket of pair) socket.pause()
  }

  /** Whatever waited is passed on, as a network does that comes back. */
  resume(): void {
    this.#isSilent = false
    for (const pair of this.#pairs) {
      // Who hung up meanwhile is gone now for the other one too.
      const isOver = pair.some((socket) => socket.destroyed)
      for (const socket of pair) {
        if (isOver) socket.destroy()
        else socket.resume()
      }
      if (isOver) this.#pairs.delete(pair)
    }
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.cut()
    await closed
  }

  #accept(inner: Socket): void {
    if (this.#isClosed) return void inner.resetAndDestroy()
    const outer = open(this.#target)
    const pair = [inner, outer] as const
    this.#pairs.add(pair)
    for (const [from, to] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      from.setNoDelay(true)
      from.on('data', (bytes) => {
        if (!to.write(bytes)) from.pause()
      })
      to.on('drain', () => {
        if (!this.#isSilent) from.resume()
      })
      from.on('error', () => to.destroy())
      from.on('end', () => {
        if (!this.#isSilent) to.end()
      })
      from.on('close', () => {
        // While it is silent the other side hears nothing of the end either.
        if (!this.#isSilent || to.destroyed) {
          to.destroy()
          this.#pairs.delete(pair)
        }
      })
    }
    if (this.#isSilent) for (const socket of pair) socket.pause()
  }
}
