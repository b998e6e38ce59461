import { get } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { startChild } from '../../shared/child.ts'
import { round } from '../../shared/statistics.ts'
import { atMost, type Conditions, type Figure } from './figure.ts'

const MB = 1024 * 1024

/** How much memory a large file takes: made by a task as its result, and handed out to a browser. */
export async function fileResults(conditions: Conditions): Promise<Figure> {
  const size = conditions.quick ? 100 : 500
  const site = startChild(new URL('site-process.ts', import.meta.url))
  try {
    const url = await site.call<string>('serve', await conditions.database.another())
    // What any first file costs: code and connections.
    await download(new URL(await site.call<string>('makeFile', MB), url))
    const measure = async <T>(title: string, work: () => Promise<T>) => {
      conditions.progress(`a file of ${size} MB ${title}`)
      await sleep(1000)
      const idle = await site.call<number>('rest')
      const begun = performance.now()
      const value = await work()
      const seconds = (performance.now() - begun) / 1000
      const more = ((await site.call<number>('peak')) - idle) / MB
      return { title, value, idle: round(idle / MB), more: round(more), perSecond: round(size / seconds) }
    }
    const made = await measure('in', () => site.call<string>('makeFile', size * MB))
    const sent = await measure('out', () => download(new URL(made.value, url)))
    if (sent.value !== size * MB) throw new Error(`${sent.value} bytes came, not ${size * MB}`)
    const both = [made, sent]
    return {
      title: 'file results',
      table: {
        columns: [`a file of ${size} MB`, 'idle MB', 'above that at most MB', 'MB/s'],
        rows: both.map(({ title, idle, more, perSecond }) => [title, idle, more, perSecond]),
      },
      goals: both.map(({ title, more }) => atMost(`memory above idle, ${title}, MB`, more, 50)),
      figures: Object.fromEntries(
        both.map(({ title, idle, more, perSecond }) => [title, { idle, more, perSecond, size }]),
      ),
    }
  } finally {
    await site.stop()
  }
}

/** @returns how many bytes came */
function download(url: URL): Promise<number> {
  return new Promise((done, failed) => {
    get(url, (answer) => {
      if (answer.statusCode !== 200) failed(new Error(`${url} answered ${answer.statusCode}`))
      let bytes = 0
      answer.on('data', (data: Buffer) => {
        bytes += data.length
      })
      answer.once('end', () => done(bytes)).once('error', failed)
    }).once('error', failed)
  })
}
