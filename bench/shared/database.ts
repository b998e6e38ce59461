import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { pino } from 'pino'
import { startEmbedded } from '../../core/db/embedded/start.ts'

/** A database of a bench's own, and a folder for what else it writes. */
export interface BenchDatabase {
  readonly url: string
  readonly folder: string
  /** Makes one more empty database on the same server; its url. It goes with the first. */
  another(): Promise<string>
  /** Drops the database, ends the server if it was started here, removes the folder. Safe to call twice. */
  remove(): Promise<void>
}

/**
 * Makes an empty database: on the server that `DATABASE_URL` names, else on an embedded one that is started for
 * the purpose, with PostgreSQL's default durability either way. A signal to end removes it, too.
 */
export async function makeDatabase(): Promise<BenchDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'djet-bench-'))
  // Of root, PostgreSQL's own user enters it as well: its data is in it then, and goes with it.
  await chmod(folder, 0o755)
  const stops: (() => Promise<void>)[] = [() => rm(folder, { recursive: true, force: true })]
  let removed: Promise<void> | undefined
  const remove = (): Promise<void> => {
    removed ??= stops.reduceRight((before, stop) => before.then(stop), Promise.resolve())
    return removed
  }
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    process.once(signal, () => void remove().finally(() => process.exit(code)))
  }
  try {
    let server = process.env.DATABASE_URL
    if (!server) {
      const embedded = await startEmbedded({ dir: join(folder, 'var'), log: pino({ level: 'silent' }) })
      stops.push(embedded.stop)
      server = embedded.url
    }
    const maintenance = server
    const name = `djet_bench_${process.pid}_${Date.now().toString(36)}`
    let made = 0
    const another = async (): Promise<string> => {
      const next = `${name}_${++made}`
      await run(maintenance, `create database ${next}`)
      stops.push(() => run(maintenance, `drop database ${next} with (force)`))
      const url = new URL(maintenance)
      url.pathname = `/${next}`
      return url.href
    }
    return { url: await another(), folder, another, remove }
  } catch (error) {
    await remove()
    throw error
  }
}

async function run(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
