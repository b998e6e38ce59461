import { Agent, request } from 'node:http'
import type { Server } from './measure.ts'

export interface StalenessOptions {
  /** The process that changes nodes. */
  readonly writer: Server
  /** The process whose pages are looked at. */
  readonly reader: Server
  /** Pages of the nodes to change, one change each. */
  readonly paths: readonly string[]
}

export interface Staleness {
  readonly changes: number
  /** Milliseconds from the commit in one process to the first new page out of the other, one a change. */
  readonly delays: readonly number[]
  /** Old pages among those asked for after a new one had come, or after the process had heard of the change. */
  readonly staleAfterwards: number
  /** How many pages that is out of. */
  readonly askedAfterwards: number
}

/** Milliseconds after which a page that has not changed is an error. */
const LONGEST = 10_000
/** Requests for the changing page that are always under way: some are being answered while the change arrives. */
const READERS = 4
/** How often each of them asks again once it has seen the new page. */
const AGAIN = 10

/**
 * Changes nodes through one process while another serves their pages to several readers, each of whom asks again
 * and again until the page is new, and then some more times to see that it stays so.
 */
export async function measureStaleness({ writer, reader, paths }: StalenessOptions): Promise<Staleness> {
  const agent = new Agent({ keepAlive: true })
  const delays: number[] = []
  let staleAfterwards = 0
  let askedAfterwards = 0
  for (const [i, path] of paths.entries()) {
    const url = reader.url + path
    const title = `Changed for the ${i + 1}. time`
    await get(agent, url)
    const heard = reader.child.call<number>('nextNotification')
    const begun = now()
    let truth = Number.POSITIVE_INFINITY
    let firstNew = Number.POSITIVE_INFINITY
    void heard.then((moment) => {
      truth = Math.min(truth, moment)
    })
    const read = async (): Promise<void> => {
      for (let left = AGAIN; left > 0; ) {
        const asked = now()
        const isNew = (await get(agent, url)).includes(title)
        if (asked > truth) {
          askedAfterwards++
          if (!isNew) staleAfterwards++
        }
        if (isNew) {
          firstNew = Math.min(firstNew, now())
          truth = Math.min(truth, firstNew)
          left--
        } else if (asked - begun > LONGEST) throw new Error(`${url} is still old after ${LONGEST} ms`)
      }
    }
    const [committed] = await Promise.all([
      writer.child.call<number>('changeTitle', { path, title }),
      heard,
      ...Array.from({ length: READERS }, read),
    ])
    delays.push(Math.max(0, firstNew - committed))
  }
  agent.destroy()
  return { changes: paths.length, delays, staleAfterwards, askedAfterwards }
}

function now(): number {
  return performance.timeOrigin + performance.now()
}

function get(agent: Agent, url: string): Promise<string> {
  return new Promise((done, failed) => {
    const asked = request(url, { agent, headers: { accept: 'text/html' } }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (part: string) => {
        text += part
      })
      response.on('end', () => done(text))
      response.on('error', failed)
    })
    asked.on('error', failed)
    asked.end()
  })
}
