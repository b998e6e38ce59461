import type { Child, Usage } from '../shared/child.ts'
import { median } from '../shared/statistics.ts'
import type { LoadOptions, LoadResult } from './load.ts'

/** A server under test, in a process of its own. */
export interface Server {
  readonly name: string
  readonly url: string
  readonly child: Child
}

/** Medians over the rounds of one server. */
export interface ServerResult {
  readonly name: string
  readonly requestsPerSecond: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
  /** Microseconds of the server's process a request; the database's own are not in it. */
  readonly cpuPerRequest: number
  /** Bytes, after the last round. */
  readonly memory: number
  readonly pageBytes: number
  /** Each round by itself, for ratios within a round. */
  readonly rounds: readonly { readonly requestsPerSecond: number; readonly cpuPerRequest: number }[]
}

export interface MeasureOptions {
  readonly servers: readonly Server[]
  /** The process that asks. */
  readonly load: Child
  /** Pages asked for in turn. */
  readonly paths: readonly string[]
  readonly quick: boolean
  progress(line: string): void
}

export interface Measured {
  readonly servers: Readonly<Record<string, ServerResult>>
  /** Microseconds of the asking process a request: below every server's, or it would be the limit. */
  readonly loadCpuPerRequest: number
}

/** Requests under way at any time. */
export const CONNECTIONS = 32

/** Asks one server after the other, round after round, so that whatever else the machine does hits all alike. */
export async function measure(options: MeasureOptions): Promise<Measured> {
  const { servers, load, quick } = options
  const rounds = quick ? 3 : 7
  const seconds = quick ? 0.8 : 2.5
  const kept = new Map<string, { result: LoadResult; cpu: number }[]>()
  const loadCosts: number[] = []
  const ask = (server: Server, seconds: number): Promise<LoadResult> =>
    load.call<LoadResult>('load', {
      url: server.url,
      connections: CONNECTIONS,
      seconds,
      paths: options.paths,
    } satisfies LoadOptions)

  for (const server of servers) {
    options.progress(`warming up: ${server.name}`)
    // Node compiles what runs often: a server is at its pace after some ten thousand requests only.
    const enough = quick ? 3000 : 15_000
    const longest = quick ? 3 : 15
    for (let n = 0, asks = 0; n < enough && asks < longest; asks++) n += (await ask(server, 1)).requests
  }
  for (let round = 1; round <= rounds; round++) {
    options.progress(`round ${round} of ${rounds}`)
    for (const server of servers) {
      const before = await Promise.all([cpuOf(server.child), cpuOf(load)])
      const result = await ask(server, seconds)
      const after = await Promise.all([cpuOf(server.child), cpuOf(load)])
      loadCosts.push((after[1] - before[1]) / result.requests)
      const list = kept.get(server.name) ?? []
      list.push({ result, cpu: (after[0] - before[0]) / result.requests })
      kept.set(server.name, list)
    }
  }
  const results = await Promise.all(servers.map((server) => summary(server, kept.get(server.name) ?? [])))
  return {
    servers: Object.fromEntries(results.map((result) => [result.name, result])),
    loadCpuPerRequest: median(loadCosts),
  }
}

/**
 * How the one compares to the other: the median of what it was in each round, better than the quotient of medians
 * while the machine's own speed changes from round to round.
 */
export function ratio(one: ServerResult, other: ServerResult): number {
  return median(
    one.rounds.map(
      (round, i) => round.requestsPerSecond / (other.rounds[i]?.requestsPerSecond ?? Number.NaN),
    ),
  )
}

async function summary(
  { name, child }: Server,
  list: readonly { result: LoadResult; cpu: number }[],
): Promise<ServerResult> {
  const { memory } = await child.call<Usage>('usage')
  const rounds = list.map(({ result, cpu }) => ({
    requestsPerSecond: result.requests / result.seconds,
    cpuPerRequest: cpu,
  }))
  return {
    name,
    requestsPerSecond: median(rounds.map((round) => round.requestsPerSecond)),
    p50: median(list.map(({ result }) => result.p50)),
    p99: median(list.map(({ result }) => result.p99)),
    cpuPerRequest: median(rounds.map((round) => round.cpuPerRequest)),
    memory,
    pageBytes: list.at(-1)?.result.bytes ?? 0,
    rounds,
  }
}

async function cpuOf(child: Child): Promise<number> {
  return (await child.call<Usage>('usage')).cpu
}
