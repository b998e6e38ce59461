import { Agent, get } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { startChild } from '../../shared/child.ts'
import { median, percentile, round } from '../../shared/statistics.ts'
import { atMost, type Conditions, type Figure } from './figure.ts'

/** Milliseconds between two requests, whether or not the first has been answered. */
const EVERY = 10

/** How soon a guest gets a page while two jobs that only compute run in worker threads of the same process. */
export async function pageLatency(conditions: Conditions): Promise<Figure> {
  const seconds = conditions.quick ? 2 : 5
  const site = startChild(new URL('site-process.ts', import.meta.url))
  try {
    const url = await site.call<string>('serve', await conditions.database.another())
    await ask(url, 1)
    const idle: number[][] = []
    const busy: number[][] = []
    for (let round = 1; round <= conditions.repeats; round++) {
      conditions.progress(`page latency: round ${round} of ${conditions.repeats}`)
      idle.push(await ask(url, seconds))
      const until = Date.now() + seconds * 1000 + 4000
      await site.call('burn', until)
      busy.push(await ask(url, seconds))
      await sleep(Math.max(0, until - Date.now()) + 500)
    }
    const of = (times: readonly number[][], share: number): number =>
      round(median(times.map((one) => percentile(one, share))))
    const ratio = round(median(busy.map((one, n) => percentile(one, 0.99) / percentile(idle[n]!, 0.99))))
    return {
      title: 'page latency',
      table: {
        columns: [`a guest's page every ${EVERY} ms`, 'p50 ms', 'p99 ms'],
        rows: [
          ['worker threads idle', of(idle, 0.5), of(idle, 0.99)],
          ['two jobs that only compute', of(busy, 0.5), of(busy, 0.99)],
        ],
      },
      goals: [atMost('page p99, busy / idle', ratio, 2)],
      figures: {
        ratio,
        idle: { p50: of(idle, 0.5), p99: of(idle, 0.99) },
        busy: { p50: of(busy, 0.5), p99: of(busy, 0.99) },
      },
    }
  } finally {
    await site.stop()
  }
}

/** Asks for a page again and again. @returns milliseconds until each had come */
async function ask(url: string, seconds: number): Promise<number[]> {
  const agent = new Agent({ keepAlive: true })
  const begun = performance.now()
  const answers: Promise<number>[] = []
  for (let n = 0; n * EVERY < seconds * 1000; n++) {
    await sleep(Math.max(0, begun + n * EVERY - performance.now()))
    answers.push(once(url, agent))
  }
  const times = await Promise.all(answers)
  agent.destroy()
  return times
}

function once(url: string, agent: Agent): Promise<number> {
  const sent = performance.now()
  return new Promise((done, failed) => {
    get(url, { agent, headers: { accept: 'text/html' } }, (answer) => {
      if (answer.statusCode !== 200) failed(new Error(`${url} answered ${answer.statusCode}`))
      answer.resume().once('end', () => done(performance.now() - sent))
    }).once('error', failed)
  })
}
