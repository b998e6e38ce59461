import { connect } from 'node:net'

export interface RawAnswer {
  readonly status: number
  readonly head: string
  readonly body: string
}

/**
 * Sends a request as it is, which `fetch` would first make clean, and reads the answer to its end.
 *
 * @param target what stands between the method and `HTTP/1.1`
 * @param header further lines, with `\r\n` in between; if one is `Host`, it is the only one
 */
export function rawRequest(base: string, target: string, method = 'GET', header = ''): Promise<RawAnswer> {
  const { hostname, port } = new URL(base)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname)
    let text = ''
    socket.setEncoding('latin1')
    socket.on('data', (piece) => {
      text += piece
    })
    const answered = (): void => {
      const split = text.indexOf('\r\n\r\n')
      const head = text.slice(0, split)
      resolve({ status: Number(head.split(' ')[1]), head, body: text.slice(split + 4) })
    }
    // A server that refuses a request before it has read all of it resets the connection behind its answer.
    socket.once('error', (error) => (text.includes('\r\n\r\n') ? answered() : reject(error)))
    socket.once('end', answered)
    const host = /^host:/im.test(header) ? '' : `Host: ${hostname}:${port}`
    const lines = [`${method} ${target} HTTP/1.1`, host, 'Connection: close', header]
    socket.write(`${lines.filter(Boolean).join('\r\n')}\r\n\r\n`, 'latin1')
  })
}
