import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Config, checkConfig, loadConfig, type SiteConfig } from '../core/config.ts'
import { definePlugin } from '../core/index.ts'

const hello = definePlugin(() => ({ name: 'hello' }))

function check(config: object, env: NodeJS.ProcessEnv = {}): Config {
  return checkConfig({ plugins: [], ...config }, '/site', env)
}

/** What is said about a wrong configuration. */
function problem(config: object, env?: NodeJS.ProcessEnv): string {
  try {
    check(config, env)
  } catch (error) {
    expect(error).toMatchObject({ code: 'CONFIG_INVALID' })
    return (error as Error).message
  }
  throw new Error('the configuration is accepted')
}

describe('a configuration', () => {
  test('needs nothing but its plugins; the rest has defaults', () => {
    expect(check({ plugins: [hello()] })).toMatchObject({
      dir: '/site',
      port: 3000,
      site: { title: 'Djet' },
      login: '/login',
      cache: true,
      session: { days: 14 },
      limits: { body: 1024 * 1024, upload: 100 * 1024 * 1024, url: 4096 },
      log: { level: 'info', file: 'var/djet.log', requests: true },
    })
  })

  test('is frozen', () => {
    expect(Object.isFrozen(check({}))).toBe(true)
  })

  test('keeps values of its own on `site`', () => {
    expect(check({ site: { title: 'Shop', footer: 'Bye' } }).site).toEqual({ title: 'Shop', footer: 'Bye' })
  })

  test.each([
    ['64kb', 65_536],
    ['10mb', 10_485_760],
    ['2 GB', 2_147_483_648],
    [512, 512],
  ] as const)('understands the size %s', (size, bytes) => {
    expect(check({ limits: { body: size } } satisfies Partial<SiteConfig>).limits.body).toBe(bytes)
  })
})

describe('a mistake in a configuration', () => {
  test('in the name of an option is answered with the name that was meant', () => {
    expect(problem({ prot: 4000 })).toBe("djet.config.ts: unknown option 'prot'. Did you mean 'port'?")
  })

  test('in the name of an inner option too', () => {
    expect(problem({ limits: { bodi: 1 } })).toContain("unknown option 'limits.bodi'. Did you mean 'body'?")
    expect(problem({ log: { levle: 'info' } })).toContain("unknown option 'log.levle'. Did you mean 'level'?")
    expect(problem({ cache: { pagse: true } })).toContain(
      "unknown option 'cache.pagse'. Did you mean 'pages'?",
    )
  })

  test('that resembles no option is answered with those there are', () => {
    expect(problem({ session: { lifetime: 3 } })).toContain("unknown option 'session.lifetime'. Known: days.")
  })

  test('does not hide the next one: each has its line', () => {
    const message = problem({ prot: 1, port: 99_999, log: { level: 'loud' }, login: '//evil.example' })
    expect(message.split('\n')).toHaveLength(4)
    expect(message).toContain("'prot'")
    expect(message).toContain("option 'port':")
    expect(message).toContain("option 'log.level':")
    expect(message).toContain("option 'login': must be a path of this site")
  })

  test.each([
    [{ plugins: [hello] }, 'must be made by definePlugin (call it: users())'],
    [{ database: 'mysql://x' }, "option 'database': must begin with postgres://"],
    [{ limits: { body: '10 apples' } }, 'must be like 512kb, 10mb or 1gb'],
    [{ seed: true }, "option 'seed': must be a function"],
    [{ login: 'login' }, "beginning with one '/'"],
  ])('%j says %s', (config, message) => {
    expect(problem(config)).toContain(message)
  })
})

describe('the environment', () => {
  test('gives port and database where the configuration is silent', () => {
    const env = { PORT: '4321', DATABASE_URL: 'postgres://db.example/site' }
    expect(check({}, env)).toMatchObject({ port: 4321, database: 'postgres://db.example/site' })
    const own = { port: 1234, database: 'postgresql://own.example/site' }
    expect(check(own, env)).toMatchObject(own)
  })

  test('is held to the same rules', () => {
    expect(problem({}, { PORT: 'http' })).toBe("PORT must be a whole number from 0 to 65535, not 'http'.")
    expect(problem({}, { PORT: '70000' })).toContain('PORT')
    expect(problem({}, { DATABASE_URL: 'db.example' })).toContain('DATABASE_URL must begin with postgres://')
  })

  test('left empty counts as not given', () => {
    const config = check({}, { PORT: '', DATABASE_URL: '' })
    expect(config.port).toBe(3000)
    expect(config.database).toBeUndefined()
  })
})

describe('a site folder', () => {
  let dir: string
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'djet-config-'))
  })
  afterAll(() => rm(dir, { recursive: true, force: true }))

  test('without djet.config.ts is told what is missing', async () => {
    await expect(loadConfig(dir)).rejects.toMatchObject({
      code: 'CONFIG_MISSING',
      message: expect.stringContaining(`no djet.config.ts in ${dir}`),
    })
  })

  test('whose djet.config.ts throws is told what it threw, and which file', async () => {
    await writeFile(join(dir, 'djet.config.mjs'), "throw new Error('no such moon')")
    await expect(loadConfig(dir)).rejects.toMatchObject({
      code: 'CONFIG_BROKEN',
      message: expect.stringMatching(
        /djet\.config\.mjs could not be loaded: no such moon \(djet\.config\.mjs:1\)$/,
      ),
    })
  })

  test('with a mistake that Djet finds while it is loaded is told where it is', async () => {
    const core = new URL('../core/index.ts', import.meta.url).href
    const lines = [`import { field } from '${core}'`, '', 'field.str({ maxLenght: 3 })']
    await mkdir(join(dir, 'typo'))
    await writeFile(join(dir, 'typo', 'djet.config.mjs'), lines.join('\n'))
    await expect(loadConfig(join(dir, 'typo'))).rejects.toMatchObject({
      code: 'FIELD_OPTION_UNKNOWN',
      message: expect.stringMatching(/no option 'maxLenght'.*\(djet\.config\.mjs:3\)$/),
    })
  })
})
