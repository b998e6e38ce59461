import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DjetError } from '../core/index.ts'
import { createRegistry } from '../core/registry.ts'
import { Renderer } from '../core/render.ts'

const TEMPLATES = {
  'late.eta': '<h1>Late</h1>\n<%\nconst a = 1\nconst b = it.nothing.there\n-%>\n<p><%= a %></p>',
  'shown.eta': '<h1>Shown</h1>\n\n<p><%= it.nothing.there %></p>',
  'around.eta': "<main>\n<%~ await includeAsync('shown.eta', it) %>\n</main>",
  'open.eta': '<p>\n<% if (it.yes) { %>\nyes\n</p>',
  'shut.eta': '<p>\nno\n<% } %>\n</p>',
  'word.eta': '<p>\n<%\nconst a = 1\nconst a = 2\n%>\n</p>',
  'tag.eta': '<p>\n<%= it.title\n</p>',
  'bracket.eta': '<% [1, 2].forEach((n) => { %><%= n %><% }) %>',
  'meant.eta': '<p>\n<% it.refuse() %></p>',
}

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'djet-templates-'))
  await mkdir(join(dir, 'templates'))
  for (const [name, text] of Object.entries(TEMPLATES)) await writeFile(join(dir, 'templates', name), text)
})
afterAll(() => rm(dir, { recursive: true }))

const failing = (name: string, cache = false) =>
  new Renderer({ dir, registry: createRegistry([]), cache })
    .render(name, {
      refuse: () => {
        throw new DjetError('TEA_COLD', 'the tea is cold.', { status: 409 })
      },
    })
    .then(
      () => expect.unreachable(),
      (error: DjetError) => error,
    )

describe('a template that fails is told', () => {
  test.each([
    ['late.eta', "templates/late.eta fails in line 4: Cannot read properties of undefined (reading 'there')"],
    [
      'shown.eta',
      "templates/shown.eta fails in line 3: Cannot read properties of undefined (reading 'there')",
    ],
    [
      'around.eta',
      "templates/shown.eta fails in line 3: Cannot read properties of undefined (reading 'there')",
    ],
    ['open.eta', "templates/open.eta fails in line 2: the '{' is not closed"],
    ['shut.eta', "templates/shut.eta fails in line 3: there is no '{' for this '}'"],
    ['word.eta', "templates/word.eta fails in line 4: Identifier 'a' has already been declared"],
    ['tag.eta', 'templates/tag.eta fails in line 2: unclosed tag'],
  ])('with its file and line, once: %s', async (name, text) => {
    const error = await failing(name)
    expect(error).toMatchObject({ code: 'TEMPLATE_BROKEN', message: `the template ${text}.`, status: 500 })
    expect(error.cause).toBeUndefined()
  })

  test('to visitors only while developing', async () => {
    expect((await failing('shown.eta')).expose).toBe(true)
    const served = await failing('shown.eta', true)
    expect([served.expose, served.stack]).toEqual([false, expect.stringMatching(/line 3: .*\n +at /)])
  })

  test('and one that begins with a bracket does not fail', async () => {
    const renderer = new Renderer({ dir, registry: createRegistry([]), cache: true })
    expect(await renderer.render('bracket.eta', {})).toBe('12')
  })

  test('in the words of Djet where these were meant', async () => {
    expect(await failing('meant.eta')).toMatchObject({ code: 'TEA_COLD', status: 409 })
  })
})
