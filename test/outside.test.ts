import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createTestDatabase, type TestDatabase } from './database.ts'
import { djet, Program, type SiteFolder, siteFolder } from './program.ts'
import { Visitor } from './visitor.ts'

// Runs whole programs.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const files = {
  'djet.config.ts': `import { defineConfig } from 'djet'
import { jobmachine } from 'djet/plugins/jobmachine'
import { bakery } from './plugins/bakery/index.ts'

export default defineConfig({
  site: { title: 'The bakery' },
  host: '127.0.0.1',
  plugins: [bakery(), jobmachine({ threads: 1 })],
  seed: async (djet) => {
    await djet.nodes.insert('/', { basetype: 'cake', part: 'lemon', name: 'Lemon cake', data: { slices: 12 } })
  },
})
`,
  'plugins/bakery/index.ts': `import { type Djet, defineBasetype, defineEngine, definePlugin, field, z } from 'djet'
import { defineJob } from 'djet/plugins/jobmachine'

const cake = defineBasetype({
  name: 'cake', title: 'Cake', engine: 'bakery.cake', template: 'cake.eta',
  fields: { slices: field.int({ required: true, min: 1 }) },
})

async function bake(djet: Djet, { path }: { path: string }): Promise<{ slices: number; thread: boolean }> {
  const { data } = await djet.nodes.require(path, cake)
  await djet.query('insert into bakery.baked (slices) values ($1)', [data.slices])
  return { slices: data.slices, thread: djet.task !== undefined }
}

export const bakery = definePlugin(() => ({
  name: 'bakery',
  requires: ['jobmachine'],
  folder: new URL('.', import.meta.url),
  basetypes: [cake],
  engines: {
    'bakery.cake': defineEngine((router) => {
      router.get('/baked', async (ctx) => {
        const [row] = await ctx.djet.query<{ n: number }>('select count(*) as n from bakery.baked')
        ctx.body = { baked: row?.n }
      })
    }),
  },
  jobs: [defineJob('bakery.bake', bake, { params: z.object({ path: z.string() }) })],
}))
`,
  'plugins/bakery/templates/cake.eta': `<% layout('layout.eta', { title: it.node.title }) %>
<h1><%= it.node.title %></h1><p>Of the plugin, <%= it.node.data.slices %> slices</p>`,
  'plugins/bakery/migrations/0001_bakery.ts': `import type { Knex } from 'knex'
export const up = (knex: Knex) => knex.raw('create schema bakery; create table bakery.baked (slices integer)')
export const down = (knex: Knex) => knex.raw('drop schema bakery cascade')
`,
  'templates/bakery/cake.eta': `<% layout('layout.eta', { title: it.node.title }) %>
<h1><%= it.node.title %></h1><p>Of the site, <%= it.node.data.slices %> slices</p>`,
  'templates/pages/index.eta': "<% layout('layout.eta', { title: it.node.title }) %>\n<p>Fresh today</p>",
  'public/cake.css': 'h1 { color: brown }',
}

let folder: SiteFolder
let database: TestDatabase
let program: Program
let visitor: Visitor

beforeAll(async () => {
  folder = await siteFolder(files)
  database = await createTestDatabase()
  program = new Program(folder.dir, ['start'], { DATABASE_URL: database.url })
  visitor = new Visitor((await program.says(/^ready at (\S+)/m))[1] ?? '')
})
afterAll(async () => {
  await program?.stop()
  await database?.drop()
  await folder?.remove()
})

describe("a site outside Djet's own folder", () => {
  test('shows a node of its plugin with its template, which goes before that of the plugin', async () => {
    const { status, text } = await visitor.get('/lemon')
    expect(status).toBe(200)
    expect(text).toContain('<p>Of the site, 12 slices</p>')
    expect(text).toContain('The bakery</title>')
  })

  test('has a front page of its own', async () => {
    expect((await visitor.get('/')).text).toContain('<p>Fresh today</p>')
  })

  test('serves files of its own', async () => {
    expect((await visitor.get('/-/static/site/cake.css')).text).toBe('h1 { color: brown }')
  })

  test('runs the job of its plugin in a worker thread', async () => {
    const sent = await djet(folder.dir, ['send', 'bakery.bake', '{"path":"/lemon"}', '--wait'], {
      DATABASE_URL: database.url,
    })
    expect(sent.err).toBe('')
    expect(sent.status).toBe(0)
    expect(sent.out).toContain('{"slices":12,"thread":true}')
    expect((await visitor.get('/lemon/baked')).json()).toEqual({ baked: 1 })
  })

  test('says why a job failed', async () => {
    const sent = await djet(folder.dir, ['send', 'bakery.bake', '{"way":"/lemon"}', '--wait'], {
      DATABASE_URL: database.url,
    })
    expect(sent.status).toBe(1)
    expect(sent.err).toMatch(/^djet: .*path/)
    expect(sent.err).not.toMatch(/\n\s+at /)
  })

  test('stops its threads and ends with 0', async () => {
    expect(await program.stop()).toMatchObject({ status: 0, err: '' })
  })
})
