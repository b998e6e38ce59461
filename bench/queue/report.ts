import type { Report } from '../shared/report.ts'
import { percentile, round } from '../shared/statistics.ts'
import type { Latencies, Pace } from './tasks.ts'

export interface QueueFigures {
  readonly threads: number
  readonly concurrency: number
  readonly backlog: number
  readonly noop: Pace
  readonly echo: Pace
  readonly sendMany: Pace
  readonly sendSingly: Pace
  readonly latencies: Latencies
  readonly quick: boolean
}

/** The queue bench's figures. */
export function report({ threads, concurrency, backlog, latencies, quick, ...paces }: QueueFigures): Report {
  const { noop, echo, sendMany, sendSingly } = paces
  const ratios = {
    echoToNoop: round(echo.perSecond / noop.perSecond),
    drainToSendMany: round(noop.perSecond / sendMany.perSecond),
  }
  const sendToStart = middleAndWorst(latencies.sendToStart)
  const send = middleAndWorst(latencies.send)
  const row = (name: string, one: Pace) => [name, round(one.perSecond), round(one.cpuPerTask), one.tasks]
  return {
    tables: [
      {
        columns: ['what', 'tasks/s', 'CPU µs/task', 'tasks'],
        rows: [
          row('no-ops drained, history kept', noop),
          row('echoes drained, a result each', echo),
          row('sent in bulk, 5,000 a call', sendMany),
          row('sent one by one, 10 in flight', sendSingly),
        ],
      },
      {
        columns: ['idle, a task every 10 ms', 'p50 ms', 'p99 ms', 'tasks'],
        rows: [
          ['from send to start', sendToStart.p50, sendToStart.p99, latencies.sendToStart.length],
          ['of that send itself', send.p50, send.p99, latencies.send.length],
        ],
      },
    ],
    notes: [
      `${threads} worker threads, ${concurrency} tasks at a time each, Node ${process.versions.node}. CPU is that of ` +
        'the process that drains or sends; the database has its own.',
      ...(quick ? ['A quick run: not figures to quote.'] : []),
    ],
    figures: {
      bench: 'queue',
      quick,
      node: process.versions.node,
      threads,
      concurrency,
      backlog,
      ratios,
      drain: { noop: figure(noop), echo: figure(echo) },
      send: { many: figure(sendMany), singly: figure(sendSingly) },
      latency: { sendToStart, send },
    },
  }
}

function figure({ tasks, perSecond, cpuPerTask }: Pace) {
  return { tasks, perSecond: round(perSecond), cpuMicroseconds: round(cpuPerTask) }
}

function middleAndWorst(values: readonly number[]) {
  return { p50: round(percentile(values, 0.5)), p99: round(percentile(values, 0.99)) }
}
