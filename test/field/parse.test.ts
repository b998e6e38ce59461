import { describe, expect, it } from 'vitest'
import { field, isEmpty, parseData } from '../../core/field/index.ts'

const fields = {
  sku: field.str({ required: true }),
  price: field.price({ default: '1' }),
  sold: field.boolean(),
  note: field.html(),
  origin: field.protected<string>(),
  born: field.date({ updatable: false }),
  again: field.str({ storage: false, maxLength: 3 }),
}

describe('isEmpty', () => {
  it('is true for nothing and for blank text only', () => {
    for (const value of [undefined, null, '', ' \n']) expect(isEmpty(value)).toBe(true)
    for (const value of [0, false, [], {}, 'x']) expect(isEmpty(value)).toBe(false)
  })
})

describe('parseData of a whole node', () => {
  it('gives values to store, with defaults, and leaves empty ones out', () => {
    expect(parseData(fields, { sku: ' A1 ', note: '', sold: true })).toEqual({
      data: { sku: 'A1', price: '1.00', sold: true },
      errors: {},
    })
  })
  it('asks for required values', () => {
    for (const input of [{}, { sku: '' }, { sku: '  ' }, { sku: null }]) {
      expect(parseData(fields, input).errors).toEqual({ sku: 'must be filled in' })
    }
  })
  it('gives a message for each field that is wrong, and the values of the others', () => {
    expect(parseData(fields, { sku: 'A1', price: 'much', born: '2024-02-30' })).toEqual({
      data: { sku: 'A1' },
      errors: {
        price: expect.stringContaining('must be an amount'),
        born: expect.stringContaining('must be a date'),
      },
    })
  })
  it('refuses names that are no fields, unless told to pass them over', () => {
    expect(parseData(fields, { sku: 'A1', prise: 3 }).errors).toEqual({
      prise: "is not a field here. Did you mean 'price'?",
    })
    expect(parseData(fields, { sku: 'A1', prise: 3 }, { onlyKnown: true }).errors).toEqual({})
    for (const name of ['constructor', '__proto__']) {
      const input: Record<string, unknown> = JSON.parse(`{ "sku": "A1", "${name}": 1 }`)
      expect(Object.keys(parseData(fields, input).errors)).toEqual([name])
    }
  })
  it('checks but does not store a field without storage', () => {
    expect(parseData(fields, { sku: 'A1', again: 'abc' }).data).not.toHaveProperty('again')
    expect(parseData(fields, { sku: 'A1', again: 'abcd' }).errors).toHaveProperty('again')
  })
  it('requires a field without storage of a form, not of code that stores what the form gave', () => {
    const consent = { name: field.str(), consent: field.str({ required: true, storage: false }) }
    expect(parseData(consent, { name: 'x' }, { form: true }).errors).toEqual({ consent: 'must be filled in' })
    expect(parseData(consent, { name: 'x' }).errors).toEqual({})
  })
  it('gives values that pass again unchanged', () => {
    const input = { sku: ' a ', price: '1.5', sold: 'on', note: '<p>a &amp; b<script>', born: '2026-03-31' }
    const { data } = parseData(fields, input, { form: true })
    expect(parseData(fields, data)).toEqual({ data, errors: {} })
  })
  it('takes text that turns out to be nothing as empty', () => {
    expect(
      parseData({ note: field.html({ required: true }) }, { note: '<script>x</script>' }).errors,
    ).toEqual({
      note: 'must be filled in',
    })
  })
  it('lets code set a protected value, and no client', () => {
    expect(parseData(fields, { sku: 'A1', origin: 'x' }).data.origin).toBe('x')
    expect(parseData(fields, { sku: 'A1', origin: 'x' }, { client: true })).toMatchObject({
      data: {},
      errors: {},
    })
    expect(parseData(fields, { sku: 'A1', origin: 'x' }, { form: true }).data).not.toHaveProperty('origin')
  })
  it('lets a form that makes a node fill in what cannot be changed later', () => {
    expect(parseData(fields, { sku: 'A1', born: '2026-03-31' }, { form: true }).data.born).toBe('2026-03-31')
  })
})

describe('parseData of a change', () => {
  const partial = true
  it('leaves alone what is not given, and adds no defaults', () => {
    expect(parseData(fields, { note: '<p>x</p>' }, { partial })).toEqual({
      data: { note: '<p>x</p>' },
      errors: {},
    })
  })
  it('empties with null, but not a required field', () => {
    expect(parseData(fields, { note: '', price: null }, { partial }).data).toEqual({
      note: null,
      price: null,
    })
    expect(parseData(fields, { sku: '' }, { partial }).errors).toEqual({ sku: 'must be filled in' })
  })
  it('takes a checkbox absent from a form as not ticked, and only from a form', () => {
    expect(parseData(fields, {}, { partial, form: true }).data).toEqual({ sold: false })
    expect(parseData(fields, { sold: 'on' }, { partial, form: true }).data).toEqual({ sold: true })
    expect(parseData(fields, {}, { partial, client: true }).data).toEqual({})
  })
  it('lets code change what a client cannot', () => {
    const input = { born: '2026-03-31', origin: 'x' }
    expect(parseData(fields, input, { partial }).data).toEqual(input)
    expect(parseData(fields, input, { partial, client: true }).data).toEqual({})
  })
})
