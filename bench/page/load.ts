import { connect, type Socket } from 'node:net'
import { percentile } from '../shared/statistics.ts'

export interface LoadOptions {
  readonly url: string
  readonly connections: number
  readonly seconds: number
  /** Paths asked for one after the other; those of the URL alone when absent. */
  readonly paths?: readonly string[]
}

export interface LoadResult {
  readonly requests: number
  readonly seconds: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
  /** Bytes of a page, of the last one. */
  readonly bytes: number
}

/**
 * Asks for pages over keep-alive connections, on each the next as soon as the last one has come. It reads no more
 * of an answer than its status and length, so that it costs a fraction of what any server does.
 *
 * @throws Error at the first answer that is not 200
 */
export function load(options: LoadOptions): Promise<LoadResult> {
  const { hostname, port, pathname } = new URL(options.url)
  const requests = (options.paths ?? [pathname]).map((path) =>
    Buffer.from(`GET ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nAccept: text/html\r\n\r\n`),
  )
  const latencies: number[] = []
  const sockets: Socket[] = []
  let bytes = 0
  let next = 0
  const begun = performance.now()
  const until = begun + options.seconds * 1000
  return new Promise((done, failed) => {
    let open = options.connections
    const fail = (error: Error): void => {
      for (const socket of sockets) socket.destroy()
      failed(error)
    }
    const closed = (): void => {
      if (--open > 0) return
      const seconds = (performance.now() - begun) / 1000
      const p50 = percentile(latencies, 0.5)
      done({ requests: latencies.length, seconds, p50, p99: percentile(latencies, 0.99), bytes })
    }
    for (let i = 0; i < options.connections; i++) {
      const socket = connect(Number(port), hostname)
      sockets.push(socket)
      socket.setNoDelay(true)
      let sent = 0
      let missing = -1
      const send = (): void => {
        sent = performance.now()
        missing = -1
        socket.write(requests[next++ % requests.length]!)
      }
      socket.once('connect', send)
      socket.once('close', closed)
      socket.once('error', fail)
      socket.on('data', (data: Buffer) => {
        if (missing < 0) {
          const head = headOf(data)
          if (head.status !== 200) return fail(new Error(`${options.url} answered ${head.status}`))
          bytes = head.length
          missing = head.end + head.length
        }
        missing -= data.length
        if (missing > 0) return
        const now = performance.now()
        latencies.push(now - sent)
        if (now < until) send()
        else socket.end()
      })
    }
  })
}

function headOf(data: Buffer): { status: number; length: number; end: number } {
  const end = data.indexOf('\r\n\r\n') + 4
  const head = data.toString('latin1', 0, end)
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
  return {
    status: end < 4 || length === undefined ? 0 : Number(head.slice(9, 12)),
    length: Number(length),
    end,
  }
}
