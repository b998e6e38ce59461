import type { Report } from '../shared/report.ts'
import { percentile, round } from '../shared/statistics.ts'
import { CONNECTIONS, type Measured, ratio, type ServerResult } from './measure.ts'
import type { Staleness } from './staleness.ts'

/** What the ratios are to be at least. */
const GOALS = { cachedToBare: 0.6, uncachedToKoaEta: 0.6 }

const NAMES: Readonly<Record<string, string>> = {
  bare: 'bare Koa, the same bytes',
  koaEta: 'Koa + Eta + one prepared query',
  cached: 'Djet, guest, from its caches',
  uncached: 'Djet, guest, cache: false',
}

export interface PageFigures {
  readonly nodes: number
  readonly results: Measured
  readonly staleness: Staleness
  readonly quick: boolean
}

/** The page bench's figures, ratios first. */
export function report({ nodes, results, staleness, quick }: PageFigures): Report {
  const { bare, koaEta, cached, uncached } = results.servers as Record<string, ServerResult>
  const ratios = {
    cachedToBare: round(ratio(cached!, bare!)),
    uncachedToKoaEta: round(ratio(uncached!, koaEta!)),
  }
  const cpuRatios = {
    cachedToBare: round(bare!.cpuPerRequest / cached!.cpuPerRequest),
    uncachedToKoaEta: round(koaEta!.cpuPerRequest / uncached!.cpuPerRequest),
  }
  const stale = {
    changes: staleness.changes,
    p50: round(percentile(staleness.delays, 0.5)),
    p99: round(percentile(staleness.delays, 0.99)),
    staleAfterNotification: staleness.staleAfterwards,
    askedAfterNotification: staleness.askedAfterwards,
  }
  const servers = Object.values(results.servers).map((server) => ({
    name: server.name,
    requestsPerSecond: round(server.requestsPerSecond),
    p50: round(server.p50),
    p99: round(server.p99),
    cpuMicroseconds: round(server.cpuPerRequest),
    memoryMegabytes: round(server.memory / 1024 / 1024),
    pageBytes: server.pageBytes,
  }))
  return {
    tables: [
      {
        columns: ['ratio', 'requests/s', 'goal', 'by server CPU'],
        rows: [
          ['cached / bare Koa', ratios.cachedToBare, `>= ${GOALS.cachedToBare}`, cpuRatios.cachedToBare],
          [
            'cache: false / Koa + Eta + one query',
            ratios.uncachedToKoaEta,
            `>= ${GOALS.uncachedToKoaEta}`,
            cpuRatios.uncachedToKoaEta,
          ],
        ],
      },
      {
        columns: ['what answers', 'requests/s', 'p50 ms', 'p99 ms', 'CPU µs/request', 'MB', 'page bytes'],
        rows: servers.map((server) => [
          NAMES[server.name] ?? server.name,
          server.requestsPerSecond,
          server.p50,
          server.p99,
          server.cpuMicroseconds,
          server.memoryMegabytes,
          server.pageBytes,
        ]),
      },
      {
        columns: ['a change through another process shows after', 'p50 ms', 'p99 ms', 'stale afterwards'],
        rows: [
          [
            `${stale.changes} changes`,
            stale.p50,
            stale.p99,
            `${stale.staleAfterNotification} of ${stale.askedAfterNotification}`,
          ],
        ],
      },
    ],
    notes: [
      `${nodes} nodes, ${CONNECTIONS} connections, Node ${process.versions.node}; the load generator takes ` +
        `${round(results.loadCpuPerRequest)} µs a request.`,
      ...(quick ? ['A quick run: not figures to quote.'] : []),
    ],
    figures: {
      bench: 'page',
      quick,
      nodes,
      connections: CONNECTIONS,
      node: process.versions.node,
      ratios,
      cpuRatios,
      goals: GOALS,
      servers: Object.fromEntries(servers.map(({ name, ...figures }) => [name, figures])),
      loadCpuMicroseconds: round(results.loadCpuPerRequest),
      staleness: stale,
    },
  }
}
