import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { Zone } from '../../../core/index.ts'
import { changedRows, defineJob, type FormPart, paramsForm, paramsTexts, readParams } from '../index.ts'

const job = (params: z.ZodType) => defineJob('form.trial', () => {}, { params })
const utc = new Zone('UTC')
const rome = new Zone('Europe/Rome')
const kinds = (form: FormPart): Record<string, unknown> =>
  Object.fromEntries(form.parts.map(({ name, part }) => [name.replace('params/', ''), part]))
const formOf = (params: z.ZodType) => paramsForm(job(params), paramsTexts(job(params), utc))

describe('the form of a job', () => {
  it('has an input for each part of the schema', () => {
    const form = formOf(
      z.object({
        name: z.string().min(2).max(40).describe('As on the passport'),
        code: z.string().regex(/^[A-Z]{3}$/),
        essay: z.string().max(5000),
        day: z.iso.date(),
        at: z.iso.datetime(),
        wall: z.iso.datetime({ local: true }),
        hour: z.iso.time(),
        due: z.coerce.date(),
        mail: z.email(),
        site: z.url(),
        copies: z.int().min(1).max(9).default(2),
        more: z.number().gt(0).multipleOf(0.5),
        whole: z.int().gt(3).lt(9),
        quick: z.boolean(),
        loud: z.boolean().default(true),
        maybe: z.boolean().optional(),
        size: z.enum(['small', 'large']),
        level: z.literal([1, 2, 3]),
        either: z.union([z.literal('x'), z.literal(7)]),
        type: z.literal('letter'),
        tags: z.array(z.string()),
        colours: z.array(z.enum(['red', 'blue'])),
        lines: z.array(z.object({ product: z.string(), n: z.int() })).min(2),
        to: z.object({ street: z.string() }).optional(),
        paper: z.string().meta({ widget: 'file', title: 'Letter paper', accept: ['.pdf'], maxSize: 1000 }),
        note: z.string().nullable(),
        odd: z.union([z.string(), z.object({ a: z.int() })]),
        map: z.record(z.string(), z.int()),
        pair: z.tuple([z.int(), z.int()]),
        any: z.unknown(),
        grid: z.array(z.array(z.int())),
        unitPrice: z.number().meta({ title: 'Price each', description: 'In euro' }),
      }),
    )
    expect(kinds(form)).toMatchObject({
      name: {
        kind: 'text',
        input: 'text',
        title: 'Name',
        help: 'As on the passport',
        minLength: 2,
        maxLength: 40,
      },
      code: { kind: 'text', pattern: '^[A-Z]{3}$', required: true },
      essay: { kind: 'text', input: 'area' },
      day: { kind: 'text', input: 'date', pattern: undefined },
      at: { kind: 'text', input: 'datetime-local', moment: true },
      wall: { kind: 'text', input: 'datetime-local', moment: false },
      hour: { kind: 'text', input: 'time' },
      due: { kind: 'text', input: 'datetime-local', moment: true, required: true },
      mail: { kind: 'text', input: 'email' },
      site: { kind: 'text', input: 'url' },
      copies: { kind: 'number', min: 1, max: 9, step: '1', required: false, initial: 2 },
      more: { kind: 'number', min: undefined, max: undefined, step: '0.5' },
      whole: { kind: 'number', min: 4, max: 8, step: '1' },
      quick: { kind: 'check' },
      loud: { kind: 'check', initial: true },
      maybe: { kind: 'choice', required: false, options: [{ key: 'true' }, { key: 'false' }] },
      size: { kind: 'choice', options: [{ key: 'small' }, { key: 'large' }] },
      level: { kind: 'choice', options: [{ key: '1', value: 1 }, { key: '2' }, { key: '3' }] },
      either: { kind: 'choice', options: [{ key: 'x' }, { key: '7', value: 7 }] },
      type: { kind: 'fixed', value: 'letter' },
      tags: { kind: 'lines', item: { kind: 'text' } },
      colours: { kind: 'many', options: [{ key: 'red' }, { key: 'blue' }] },
      lines: { kind: 'rows', least: 2 },
      to: { kind: 'group', required: false },
      paper: { kind: 'file', title: 'Letter paper', accept: ['.pdf'], maxSize: 1000 },
      note: { kind: 'text', nullable: true },
      odd: { kind: 'json' },
      map: { kind: 'json' },
      pair: { kind: 'json' },
      any: { kind: 'json' },
      grid: { kind: 'json' },
      unitPrice: { kind: 'number', title: 'Price each', help: 'In euro', step: 'any' },
    })
    expect(form.parts.find(({ name }) => name === 'params/lines')!.rows).toHaveLength(2)
    // A list may be empty unless it says how many it needs.
    const insist = form.parts.filter(({ name }) => /\/(tags|colours|lines)$/.test(name))
    expect(insist.map(({ mandatory }) => mandatory)).toEqual([false, false, true])
    expect(form.parts.find(({ name }) => name === 'params/copies')!.text).toBe('2')
  })

  it('is one JSON text for what has no properties, and folds what is nested too deep', () => {
    expect(formOf(z.unknown()).part.kind).toBe('json')
    expect(formOf(z.json()).part.kind).toBe('json')
    expect(formOf(z.object({ a: z.int() }).or(z.object({ b: z.int() }))).part.kind).toBe('json')
    expect(formOf(z.looseObject({ a: z.int() }).transform((value) => value)).part.kind).toBe('group')
    const Part = z.object({
      name: z.string(),
      get parts() {
        return z.array(Part)
      },
    })
    expect(kinds(formOf(Part))).toMatchObject({ name: { kind: 'text' }, parts: { kind: 'json' } })
    const deep = z.object({ a: z.object({ a: z.object({ a: z.object({ a: z.object({ a: z.int() }) }) }) }) })
    let form = formOf(deep)
    for (let n = 0; n < 4; n++) form = form.parts[0]!
    expect(form.part.kind).toBe('json')
  })

  it.each<[string, z.ZodType, Record<string, unknown>, unknown]>([
    ['text', z.object({ a: z.string() }), { 'params/a': ' x ' }, { a: ' x ' }],
    ['lines of Windows', z.object({ a: z.string().max(999) }), { 'params/a': 'x\r\ny' }, { a: 'x\ny' }],
    ['nothing optional', z.object({ a: z.string().optional() }), { 'params/a': '' }, {}],
    ['a default', z.object({ a: z.string().default('q') }), { 'params/a': '' }, {}],
    ['null', z.object({ a: z.string().nullable() }), { 'params/a': '' }, { a: null }],
    ['a number', z.object({ a: z.number() }), { 'params/a': '-1.5e3' }, { a: -1500 }],
    ['a box', z.object({ a: z.boolean(), b: z.boolean() }), { 'params/a': 'on' }, { a: true, b: false }],
    ['a box with a default', z.object({ a: z.boolean().default(true) }), {}, { a: false }],
    ['yes or no', z.object({ a: z.boolean().optional() }), { 'params/a': 'false' }, { a: false }],
    ['a number of a list', z.object({ a: z.literal([1, 2]) }), { 'params/a': '2' }, { a: 2 }],
    ['an empty word of a list', z.object({ a: z.enum(['', 'x']) }), { 'params/a': '' }, { a: '' }],
    ['lines', z.object({ a: z.array(z.string()) }), { 'params/a': 'x\r\n\r\n y ' }, { a: ['x', 'y'] }],
    ['no lines', z.object({ a: z.array(z.string()), b: z.array(z.int()).optional() }), {}, { a: [] }],
    ['lines of numbers', z.object({ a: z.array(z.int()) }), { 'params/a': '1\n2' }, { a: [1, 2] }],
    [
      'some of a list',
      z.object({ a: z.array(z.enum(['x', 'y', 'z'])) }),
      { 'params/a': ['x', 'z'] },
      { a: ['x', 'z'] },
    ],
    ['JSON', z.object({ a: z.record(z.string(), z.int()) }), { 'params/a': '{"b":1}' }, { a: { b: 1 } }],
    ['all JSON', z.json(), { params: '[1]' }, [1]],
    [
      'a time in UTC',
      z.object({ a: z.iso.datetime() }),
      { 'params/a': '2026-03-31T14:05' },
      { a: '2026-03-31T14:05:00Z' },
    ],
    [
      'a time by the wall',
      z.object({ a: z.iso.datetime({ local: true }) }),
      { 'params/a': '2026-03-31T14:05' },
      { a: '2026-03-31T14:05' },
    ],
    ['what there is no choice of', z.object({ a: z.literal('k') }), {}, { a: 'k' }],
    [
      'an empty group',
      z.object({ a: z.object({ b: z.string(), c: z.int().default(1) }).optional() }),
      { 'params/a/c': '1' },
      {},
    ],
    [
      'a group',
      z.object({ a: z.object({ b: z.string() }).optional() }),
      { 'params/a/b': 'x' },
      { a: { b: 'x' } },
    ],
    [
      'odd names',
      z.object({ 'a/b c': z.string(), __proto__: z.string().optional(), 'x[0]': z.string() }),
      { 'params/a%2Fb%20c': '1', 'params/x%5B0%5D': '2' },
      { 'a/b c': '1', 'x[0]': '2' },
    ],
    [
      'rows, without blank ones',
      z.object({ a: z.array(z.object({ p: z.string(), n: z.int().default(1) })) }),
      {
        'params/a/*': '3',
        'params/a/0/p': '',
        'params/a/0/n': '1',
        'params/a/1/p': 'x',
        'params/a/1/n': '2',
        'params/a/2/p': '',
        'params/a/2/n': '',
      },
      { a: [{ p: 'x', n: 2 }] },
    ],
    [
      'rows that are right as they begin',
      z.object({ a: z.array(z.object({ n: z.int().default(1) })) }),
      { 'params/a/*': '2', 'params/a/0/n': '1', 'params/a/1/n': '1' },
      { a: [{ n: 1 }, { n: 1 }] },
    ],
  ])('reads %s', (_what, schema, form, params) => {
    expect(readParams(job(schema), utc, form)).toMatchObject({ params, errors: {} })
  })

  it('says at each input what is wrong with it', () => {
    const schema = z.object({
      name: z.string().min(3),
      n: z.int(),
      size: z.enum(['s']),
      tags: z.array(z.string().max(2)),
      lines: z.array(z.object({ product: z.string(), n: z.int().max(5) })),
      map: z.record(z.string(), z.int()),
      json: z.unknown(),
      paper: z.string().meta({ widget: 'file' }),
      to: z.object({ street: z.string(), town: z.string() }).optional(),
      colours: z.array(z.enum(['red'])).min(1),
    })
    const { errors, values } = readParams(job(schema), utc, {
      'params/name': 'ab',
      'params/n': 'many',
      'params/size': 'xl',
      'params/tags': 'a\nbcd',
      'params/lines/*': '3',
      'params/lines/1/product': 'p',
      'params/lines/1/n': '9',
      'params/lines/2/n': '1',
      'params/map': '{"a":"b"}',
      'params/json': '{',
      'params/to/street': 'x',
      title: 'Not ours',
    })
    expect(errors).toEqual({
      'params/name': 'must have at least 3 characters',
      'params/n': 'must be a number',
      'params/size': 'must be s',
      'params/tags': 'line 2: must have at most 2 characters',
      'params/lines/0/n': 'must be at most 5',
      'params/lines/1/product': 'must be filled in',
      'params/map': 'a: must be a number',
      'params/json': expect.stringContaining('is no JSON'),
      'params/paper': 'must be chosen',
      'params/to/town': 'must be filled in',
      'params/colours': 'must have at least one',
    })
    expect(
      Object.keys(errors)
        .slice(0, 5)
        .map((name) => name.split('/')[1]),
    ).toEqual(['name', 'n', 'size', 'tags', 'lines'])
    // The blank row is gone, what was typed is still there.
    expect(values).toMatchObject({
      'params/lines/*': '2',
      'params/lines/0/product': 'p',
      'params/n': 'many',
      'params/json': '{',
    })
    expect(values).not.toHaveProperty('title')
    const form = paramsForm(job(schema), values, errors)
    expect(form.parts[1]).toMatchObject({ text: 'many', error: 'must be a number', insist: true })
  })

  it('says at the top what is wrong with all of it', () => {
    const schema = z
      .object({ from: z.int(), to: z.int() })
      .refine(({ from, to }) => from <= to, { error: 'From must not be above to' })
    const form = { 'params/from': '2', 'params/to': '1' }
    expect(readParams(job(schema), utc, form).errors).toEqual({ params: 'from must not be above to' })
    expect(readParams(job(z.object({ a: z.string() })), utc, { 'params/a': 'x\0' }).errors.params).toContain(
      'JSON',
    )
  })

  it('begins with given parameters and reads the same from them', () => {
    const schema = z.object({
      at: z.iso.datetime(),
      on: z.boolean(),
      size: z.literal([1, 2]),
      tags: z.array(z.int()),
      lines: z.array(z.object({ p: z.string(), sub: z.array(z.object({ q: z.string() })) })),
      map: z.unknown(),
      colours: z.array(z.enum(['red', 'blue'])),
      to: z.object({ street: z.string().nullable() }).optional(),
    })
    const params = {
      at: '2026-03-31T14:05:00Z',
      on: true,
      size: 2,
      tags: [1, 2],
      lines: [
        { p: 'x', sub: [{ q: '1' }, { q: '2' }] },
        { p: 'y', sub: [] },
      ],
      map: { a: [null] },
      colours: ['blue'],
      to: { street: 'Main' },
    }
    expect(readParams(job(schema), utc, paramsTexts(job(schema), utc, params))).toMatchObject({
      params,
      errors: {},
    })
  })

  it('shows and reads moments by the clocks of the site, and keeps the second of two that they show', () => {
    const at = z.object({ at: z.iso.datetime(), all: z.array(z.coerce.date()).optional() })
    const read = (text: string, all = '') =>
      readParams(job(at), rome, { 'params/at': text, 'params/all': all })
    expect(read('2026-03-31T14:05', '2026-01-01T00:00\n2026-07-01T00:00')).toMatchObject({
      params: { at: '2026-03-31T12:05:00Z', all: ['2025-12-31T23:00:00Z', '2026-06-30T22:00:00Z'] },
      errors: {},
    })
    const gap = 'is left out by the clocks of Europe/Rome, which go from 02:00 to 03:00 on that day'
    expect(read('2026-03-29T02:30').errors).toEqual({ 'params/at': gap })
    expect(read('2026-10-25T02:30', '2026-03-29T02:30')).toMatchObject({
      params: { at: '2026-10-25T00:30:00Z' },
      errors: { 'params/all': `line 1: ${gap}` },
    })
    expect(read('2026-02-31T02:30').errors).toHaveProperty('params/at')
    for (const [time, text] of [
      ['2026-10-25T00:30:00Z', '2026-10-25T02:30:00'],
      ['2026-10-25T01:30:00Z', '2026-10-25T01:30:00Z'],
    ] as const) {
      const texts = paramsTexts(job(at), rome, { at: time })
      expect(texts['params/at']).toBe(text)
      expect(readParams(job(at), rome, texts)).toMatchObject({ params: { at: time }, errors: {} })
    }
  })

  it('leaves out a group in which every part is as it began', () => {
    const parts = {
      at: z.iso.datetime().default('2026-07-01T00:00:00Z'),
      tags: z.array(z.string()).default(['a', 'b']),
    }
    const schema = job(z.object({ more: z.object(parts).optional() }))
    expect(readParams(schema, rome, paramsTexts(schema, rome))).toMatchObject({ params: {}, errors: {} })
  })

  it('adds and removes rows, also of lists in lists', () => {
    const trial = job(
      z.object({
        a: z.array(z.object({ p: z.string().default('new'), sub: z.array(z.object({ q: z.string() })) })),
      }),
    )
    const names = (form: Record<string, string>): string[] =>
      Object.keys(changedRows(trial, utc, form)!.values).sort()
    let texts: Record<string, string> = { ...paramsTexts(trial, utc) }
    expect(texts).toEqual({
      'params/a/*': '1',
      'params/a/0/p': 'new',
      'params/a/0/sub/*': '1',
      'params/a/0/sub/0/q': '',
    })
    const added = changedRows(trial, utc, { ...texts, _add: 'params/a' })!
    expect(added.focus).toBe('params/a/1')
    expect(added.values).toMatchObject({ 'params/a/*': '2', 'params/a/1/p': 'new', 'params/a/1/sub/*': '1' })
    texts = { ...added.values, 'params/a/1/p': 'second', 'params/a/1/sub/0/q': 'deep' }
    texts = { ...changedRows(trial, utc, { ...texts, _add: 'params/a/1/sub' })!.values }
    expect(texts).toMatchObject({ 'params/a/1/sub/*': '2', 'params/a/1/sub/1/q': '' })
    const removed = changedRows(trial, utc, { ...texts, _remove: 'params/a/0' })!
    expect(removed.focus).toBe('params/a')
    expect(removed.values).toEqual({
      'params/a/*': '1',
      'params/a/0/p': 'second',
      'params/a/0/sub/*': '2',
      'params/a/0/sub/0/q': 'deep',
      'params/a/0/sub/1/q': '',
    })
    // What names no row changes nothing.
    for (const button of ['params/a/9', 'params/b/0', 'constructor', 'params', '']) {
      expect(names({ ...texts, _remove: button })).toEqual(Object.keys(texts).sort())
      if (button !== '') expect(names({ ...texts, _add: button })).toEqual(Object.keys(texts).sort())
    }
    expect(changedRows(trial, utc, texts)).toBeUndefined()
    expect(paramsForm(trial, { 'params/a/*': '1e9' }).parts[0]!.rows.length).toBe(100)
  })
})
