import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Database } from '../../core/db/database.ts'
import { isAlive } from '../../core/db/embedded/process.ts'
import { type Embedded, startEmbedded } from '../../core/db/embedded/start.ts'
import { DjetError } from '../../core/error.ts'
import { keptLog } from './log.ts'

const { log } = keptLog()
const settings = { fsync: 'off' }
let dir: string
let begun: { stop(): Promise<void> }[]
let children: ChildProcess[]

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'djet-embedded-'))
  // As root, PostgreSQL runs as another user.
  await chmod(dir, 0o755)
  begun = []
  children = []
})
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL')
  for (const server of begun) await server.stop()
  // What a test's process left behind when it was killed.
  await start().then(
    (server) => server.stop(),
    () => {},
  )
  await rm(dir, { recursive: true, force: true })
})

async function start(): Promise<Embedded> {
  const server = await startEmbedded({ dir, log, settings })
  begun.push(server)
  return server
}

/** Another process of the same site. */
async function startProcess(): Promise<{ child: ChildProcess; url: string; pid: number }> {
  const script = fileURLToPath(new URL('embedded-process.ts', import.meta.url))
  const child = fork(script, [dir], {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  children.push(child)
  const [message] = (await once(child, 'message')) as [{ url: string; pid: number }]
  return { child, ...message }
}

async function end(child: ChildProcess): Promise<void> {
  child.send('stop')
  await once(child, 'exit')
}

async function answer(url: string, text: string): Promise<Record<string, unknown>[]> {
  const database = await Database.open({ url, log, applicationName: 'test' })
  try {
    return await database.query(text)
  } finally {
    await database.close()
  }
}

it('a second start keeps the data', async () => {
  const first = await start()
  await answer(first.url, 'create table kept as select 42 as n')
  await Promise.all([first.stop(), first.stop()])
  expect(isAlive(first.pid)).toBe(false)
  const second = await start()
  expect(await answer(second.url, 'select n from kept')).toEqual([{ n: 42 }])
})

it('texts are compared the same on every system, and the password is for the owner only', async () => {
  const { url } = await start()
  const [row] = await answer(url, `select 'Zebra' < 'apple' as plain, 'ä' ~ '[[:alpha:]]' as unicode`)
  expect(row).toEqual({ plain: true, unicode: true })
  expect((await stat(join(dir, 'postgres.password'))).mode & 0o777).toBe(0o600)
  const wrong = new URL(url)
  wrong.password = 'guess'
  await expect(Database.open({ url: wrong.href, log })).rejects.toMatchObject({
    code: 'DATABASE_UNREACHABLE',
  })
})

it('processes of a site share one server, and the last one to stop ends it', async () => {
  const [a, b] = await Promise.all([startProcess(), startProcess()])
  expect(a.pid).toBe(b.pid)
  const here = await start()
  expect(here.pid).toBe(a.pid)
  await end(a.child)
  expect(isAlive(a.pid)).toBe(true)
  await here.stop()
  expect(await answer(b.url, 'select 1 as one')).toEqual([{ one: 1 }])
  await end(b.child)
  expect(isAlive(a.pid)).toBe(false)
})

it('a server left over by a killed process is taken over, and stopped at the end', async () => {
  const lost = await startProcess()
  lost.child.kill('SIGKILL')
  await once(lost.child, 'exit')
  expect(isAlive(lost.pid)).toBe(true)
  const server = await start()
  expect(server.pid).toBe(lost.pid)
  await server.stop()
  expect(isAlive(lost.pid)).toBe(false)
})

it('starts after the server itself was killed', async () => {
  const first = await start()
  await answer(first.url, 'create table kept as select 42 as n')
  const { pid } = first
  process.kill(pid, 'SIGKILL')
  await expect.poll(() => isAlive(pid)).toBe(false)
  const second = await start()
  expect(second.url).toBe(first.url)
  expect(await answer(second.url, 'select n from kept')).toEqual([{ n: 42 }])
})

it('a server that is killed is started again at the same place, for all processes that use it', async () => {
  const other = await startProcess()
  const server = await start()
  const database = await Database.open({ url: server.url, log })
  begun.unshift({ stop: () => database.close() })
  for (let times = 0; times < 2; times++) {
    const { pid } = server
    process.kill(pid, 'SIGKILL')
    const one = () =>
      database
        .query('select 1 as one')
        .catch((error: unknown) => (error instanceof DjetError ? error.status : 0))
    await expect.poll(() => server.pid, { timeout: 15_000 }).not.toBe(pid)
    await expect.poll(one, { timeout: 15_000 }).toEqual([{ one: 1 }])
  }
  await end(other.child)
  expect(await database.query('select 1 as one')).toEqual([{ one: 1 }])
})

it('a server that ends and cannot be started again is told of', { timeout: 60_000 }, async () => {
  const lost = new Promise<DjetError>((resolve) => {
    startEmbedded({ dir, log, settings, onLost: resolve }).then(async (server) => {
      begun.push(server)
      await rename(join(server.dataDir, 'global'), join(server.dataDir, 'gone'))
      process.kill(server.pid, 'SIGKILL')
    })
  })
  expect(await lost).toMatchObject({
    code: 'EMBEDDED_LOST',
    message: expect.stringMatching(/in 5 tries: .*global/),
  })
})

it('starts when the process id of a killed server belongs to another program by now', async () => {
  const lost = await startProcess()
  lost.child.kill('SIGKILL')
  await once(lost.child, 'exit')
  process.kill(lost.pid, 'SIGKILL')
  await expect.poll(() => isAlive(lost.pid)).toBe(false)
  const file = join(await realpath(join(dir, 'postgres')), 'postmaster.pid')
  const [, ...rest] = (await readFile(file, 'utf8')).split('\n')
  await writeFile(file, [process.pid, ...rest].join('\n'))
  const second = await start()
  expect(await answer(second.url, 'select 1 as one')).toEqual([{ one: 1 }])
})

it('starts after a first start was killed in the middle of making the data', async () => {
  const script = fileURLToPath(new URL('embedded-process.ts', import.meta.url))
  const child = fork(script, [dir], { execArgv: ['--import', 'tsx'] })
  children.push(child)
  const unfinished = async () => (await readdir(dir)).filter((name) => name.startsWith('postgres.new-'))
  await expect.poll(unfinished, { timeout: 10_000, interval: 5 }).toHaveLength(1)
  child.kill('SIGKILL')
  await once(child, 'exit')
  const server = await start()
  expect(await answer(server.url, 'select 1 as one')).toEqual([{ one: 1 }])
  expect(await unfinished()).toEqual([])
})

it('ends programs that still fill an unfinished data folder', async () => {
  const data = join(dir, 'postgres.new-abcdef', 'data')
  await mkdir(data, { recursive: true })
  // As initdb does after the process that started it was killed.
  const loop = 'i=0; while :; do i=$((i+1)); mkdir -p "d$((i % 50))" && : > "d$((i % 50))/$i"; done'
  const filling = spawn('sh', ['-c', loop], { cwd: data, stdio: 'ignore' })
  children.push(filling)
  await expect.poll(() => readdir(data)).not.toEqual([])
  const server = await start()
  expect(await answer(server.url, 'select 1 as one')).toEqual([{ one: 1 }])
  expect(isAlive(filling.pid ?? 0)).toBe(false)
  expect((await readdir(dir)).filter((name) => name.startsWith('postgres.new-'))).toEqual([])
})

it('takes a lock away whose holder is gone', async () => {
  await writeFile(join(dir, 'postgres.lock'), '999999999')
  const server = await start()
  expect(isAlive(server.pid)).toBe(true)
  expect(await readdir(dir)).not.toContain('postgres.lock')
})

it('makes a new password when its file was lost', async () => {
  const first = await start()
  await answer(first.url, 'create table kept as select 42 as n')
  await first.stop()
  await rm(join(dir, 'postgres.password'))
  const second = await start()
  expect(second.url).not.toContain(new URL(first.url).password)
  expect(await answer(second.url, 'select n from kept')).toEqual([{ n: 42 }])
})

it('two sites run side by side', async () => {
  const one = await start()
  const two = await startEmbedded({ dir: join(dir, 'other'), log, settings })
  begun.push(two)
  await answer(one.url, 'create table mine (n int)')
  expect(await answer(two.url, `select to_regclass('mine') as mine`)).toEqual([{ mine: null }])
})

it('refuses data of another version of PostgreSQL and says what to do', async () => {
  const server = await start()
  await server.stop()
  await writeFile(join(server.dataDir, 'PG_VERSION'), '12\n')
  await expect(start()).rejects.toMatchObject({
    code: 'EMBEDDED_VERSION',
    message: expect.stringMatching(/made by PostgreSQL 12.*pg_dump/),
  })
})
