import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineField, field } from '../../core/field/index.ts'

describe('structured', () => {
  const structured = field.structured()
  it('reads YAML from a form and takes values from code', () => {
    expect(structured.parse('mon: [9, 17]\ntue: closed')).toEqual({ mon: [9, 17], tue: 'closed' })
    expect(structured.parse('- 1\n- 2')).toEqual([1, 2])
    expect(structured.parse({ a: [null, true] })).toEqual({ a: [null, true] })
  })
  it('has a form text that comes back as the same value', () => {
    const value = { a: [1, 'two', { b: null }], text: 'x\ny: z' }
    expect(structured.parse(structured.toForm(value))).toEqual(value)
  })
  it('says in which line the YAML is wrong', () => {
    expect(() => structured.parse('a: 1\nb: [1, 2')).toThrow(/^must be YAML; line 2: /)
  })
  it.each(['just words', '42', '# only a remark'])(
    'refuses %j, which is neither list nor object',
    (input) => {
      expect(() => structured.parse(input)).toThrow('must be a list or an object')
    },
  )
  it('refuses aliases that multiply', () => {
    const lines = ['a: &a [x, x, x, x, x, x, x, x, x, x]']
    for (const [from, to] of ['ab', 'bc', 'cd', 'de', 'ef'].map((pair) => pair.split(''))) {
      lines.push(`${to}: &${to} [${Array(10).fill(`*${from}`).join(', ')}]`)
    }
    expect(() => structured.parse(lines.join('\n'))).toThrow(/must be YAML: .*alias/i)
  })

  it.each(['['.repeat(90_000), '- '.repeat(40_000), '{a: '.repeat(60) + '}'.repeat(60)])(
    'refuses what is nested too deep before it reads it: %.20s',
    (text) => expect(() => structured.parse(text)).toThrow('must not be nested deeper than 50 levels'),
  )

  it('says the line of a name that stands there twice', () => {
    expect(() => structured.parse('a: 1\nb:\n  c: 1\n  c: 2')).toThrow(
      'must be YAML; line 4: this name stands there already',
    )
  })
  it('refuses values that JSON cannot hold', () => {
    const circle: unknown[] = []
    circle.push(circle)
    for (const value of [{ a: Number.NaN }, { a: () => 1 }, { a: new Date() }, [undefined], circle]) {
      expect(() => structured.parse(value)).toThrow(/^must /)
    }
    expect(() => structured.parse('a: .nan')).toThrow(/^must hold only/)
    expect(() => structured.parse({ a: 'x\0' })).toThrow('NUL')
    expect(() => structured.parse(`${'['.repeat(60)}${']'.repeat(60)}`)).toThrow('nested deeper')
  })
  it('refuses too much', () => {
    expect(() => field.structured({ maxLength: 20 }).parse(['0123456789', '0123456789'])).toThrow(
      'larger than 20',
    )
  })
  it('fits its schema', () => {
    const hours = field.structured({ schema: z.object({ mon: z.array(z.string()) }) })
    expect(hours.parse('mon: [9-12]')).toEqual({ mon: ['9-12'] })
    expect(() => hours.parse('mon: [9]')).toThrow(/^has not the expected form; at mon\.0: /)
  })
  it('does not let YAML reach the prototype of objects', () => {
    structured.parse('__proto__: { polluted: true }')
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
  })
  it('is searched by its texts', () => {
    expect(structured.toText({ a: ['tea', 3, null], b: { c: 'milk' } })).toBe('tea 3 milk')
  })
})

describe('protected', () => {
  it('takes any JSON value', () => {
    const origin = field.protected()
    expect([origin.parse('x'), origin.parse({ row: 3 }), origin.parse(false)]).toEqual([
      'x',
      { row: 3 },
      false,
    ])
    expect(() => origin.parse(() => 1)).toThrow('must hold only')
  })
})

describe('file', () => {
  const pdf = {
    id: 'f-1',
    name: 'Sheet.PDF',
    type: 'application/pdf',
    size: 10,
    sha256: '',
    created: new Date(),
  }
  it('is the id of a stored file', () => {
    expect([field.file().parse('f-1'), field.file().parse(pdf)]).toEqual(['f-1', 'f-1'])
  })
  it.each(['../etc/passwd', 'a b', 7, {}])('refuses %j', (input) => {
    expect(() => field.file().parse(input)).toThrow('must be an uploaded file')
  })
  it('checks kind and size of a stored file', () => {
    expect(field.file({ accept: ['.pdf'] }).parse(pdf)).toBe('f-1')
    expect(field.file({ accept: ['application/*'] }).parse(pdf)).toBe('f-1')
    expect(() => field.file({ accept: ['.csv', 'image/*'] }).parse(pdf)).toThrow(
      'must be a file of one of these kinds: .csv, image/*',
    )
    expect(() => field.file({ maxSize: 1024 * 1024 }).parse({ ...pdf, size: 1024 * 1024 + 1 })).toThrow(
      'must be a file of at most 1 MB',
    )
  })
})

describe('every field', () => {
  it('refuses an option it does not know, when the site is loaded', () => {
    const options: object = { maxLenght: 3 }
    expect(() => field.str(options)).toThrow("field.str has no option 'maxLenght'. Did you mean 'maxLength'?")
  })
  it('refuses a default that does not fit, when the site is loaded', () => {
    expect(() => field.int({ default: 1.5 })).toThrow('the default of a field.int must be a whole number')
    expect(field.price({ default: '5' }).default).toBe('5.00')
  })
  it('can be of a type of a plugin', () => {
    const upper = defineField(
      { required: true },
      { type: 'upper', parse: (input) => String(input).toUpperCase() },
    )
    expect(upper).toMatchObject({
      type: 'upper',
      required: true,
      updatable: true,
      storage: true,
      searchable: false,
    })
    expect(upper.toText(upper.parse('tea'))).toBe('TEA')
  })
})
