import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import type { TestProject } from 'vitest/node'
import { startEmbedded } from '../core/db/embedded/start.ts'
import { messageOf } from '../core/error.ts'
import { removeTestDatabases } from './database.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The server the tests make their databases on. */
    databaseUrl: string
    /** Begins the names of all databases of this run. */
    databasePrefix: string
  }
}

/**
 * One PostgreSQL for the whole run: the one TEST_DATABASE_URL names (a user that may create databases), else an
 * embedded one in a temporary folder, gone with it.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const prefix = `djet_test_${process.pid.toString(36)}${Date.now().toString(36)}_`
  project.provide('databasePrefix', prefix)
  const given = process.env.TEST_DATABASE_URL
  if (given) {
    project.provide('databaseUrl', given)
    return () => removeTestDatabases(given, prefix)
  }
  const dir = await mkdtemp(join(tmpdir(), 'djet-test-'))
  // As root, PostgreSQL runs as another user, who shall reach it there.
  await chmod(dir, 0o755)
  // Test files run at once, each with a pool.
  const settings = {
    fsync: 'off',
    synchronous_commit: 'off',
    full_page_writes: 'off',
    max_connections: '400',
  }
  try {
    const server = await startEmbedded({ dir: join(dir, 'var'), log: pino({ level: 'warn' }), settings })
    project.provide('databaseUrl', server.url)
    return async () => {
      await server.stop()
      await rm(dir, { recursive: true, force: true })
    }
  } catch (error) {
    const log = await readFile(join(dir, 'var', 'postgres.log'), 'utf8').catch(() => '')
    await rm(dir, { recursive: true, force: true })
    throw new Error(`the tests' PostgreSQL did not start: ${messageOf(error)}\n${log.slice(-2_000)}`, {
      cause: error,
    })
  }
}
