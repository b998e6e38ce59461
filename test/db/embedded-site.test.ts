import { chmod, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { isAlive } from '../../core/db/embedded/process.ts'
import { djet, Program, type SiteFolder, siteFolder } from '../program.ts'

const config = `import { defineConfig } from 'djet'
import { jobmachine } from 'djet/plugins/jobmachine'
export default defineConfig({ plugins: [jobmachine({ threads: 1 })], host: '127.0.0.1', cache: false })`

let folder: SiteFolder
let site: Program
beforeEach(async () => {
  folder = await siteFolder({ 'djet.config.ts': config })
  await chmod(folder.dir, 0o755)
  site = new Program(folder.dir, ['start'])
})
afterEach(async () => {
  await site.stop()
  await folder.remove()
})

it('a site outlives its database: 503 while it is away, then pages and tasks again', {
  timeout: 90_000,
}, async () => {
  const url = (await site.says(/ready at (\S+)/))[1] ?? ''
  const postmaster = async () =>
    Number((await readFile(join(folder.dir, 'var/postgres/postmaster.pid'), 'utf8')).split('\n')[0])
  const first = await postmaster()
  expect((await fetch(url)).status).toBe(200)
  process.kill(first, 'SIGKILL')
  const statuses: number[] = []
  for (let again = 0; again < 20; ) {
    const { status } = await fetch(url)
    statuses.push(status)
    again = status === 200 && statuses.includes(503) ? again + 1 : 0
    await sleep(20)
  }
  expect([...new Set(statuses)].filter((status) => status !== 200)).toEqual([503])
  const second = await postmaster()
  expect([second === first, isAlive(second)]).toEqual([false, true])
  const sent = await djet(folder.dir, ['send', 'jobmachine.echo', '{"still":"here"}', '--wait'])
  expect(sent).toMatchObject({ status: 0, out: expect.stringContaining('{"still":"here"}') })
})
