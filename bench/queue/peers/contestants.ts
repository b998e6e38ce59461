import { type Child, startChild } from '../../shared/child.ts'
import { NEWER_NODE } from './install.ts'

/** A queue that takes part, and how its process is started. */
export interface Contestant {
  readonly name: string
  start(): Child
}

const here = (file: string): URL => new URL(file, import.meta.url)

function peer(file: string, packageName: string, node?: string, env: Record<string, string> = {}) {
  return () => startChild(here(file), { BENCH_PACKAGE: packageName, ...env }, node)
}

/** Those that are compared. `Djet` is this tree's; the newer peers run under the Node.js installed with them. */
export const contestants = {
  djet: { name: 'Djet', start: () => startChild(here('djet.ts')) },
  djetUnbatched: {
    name: 'Djet',
    start: () => startChild(here('djet.ts'), { BENCH_UNBATCHED: 'true' }),
  },
  graphileWorker17: {
    name: 'graphile-worker 0.17.3',
    start: peer('graphile-worker.ts', 'graphile-worker-0-17'),
  },
  graphileWorker18: {
    name: 'graphile-worker 0.18.0',
    start: peer('graphile-worker.ts', 'graphile-worker-0-18', NEWER_NODE),
  },
  pgBoss10: { name: 'pg-boss 10.4.2', start: peer('pg-boss.ts', 'pg-boss-10') },
  pgBoss12: { name: 'pg-boss 12.38.0', start: peer('pg-boss.ts', 'pg-boss-12', NEWER_NODE) },
  pgBoss12Notified: {
    name: 'pg-boss 12.38.0',
    start: peer('pg-boss.ts', 'pg-boss-12', NEWER_NODE, { BENCH_NOTIFY: 'true' }),
  },
  least: { name: 'no queue', start: () => startChild(here('least.ts')) },
} satisfies Record<string, Contestant>
