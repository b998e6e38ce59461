import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Listens on a port the system chooses, on this machine only, and gives the URL. */
export function listenLocally(server: Server): Promise<string> {
  return new Promise((done, failed) => {
    server.once('error', failed)
    server.listen(0, '127.0.0.1', () => done(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
  })
}
