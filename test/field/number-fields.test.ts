import { describe, expect, it } from 'vitest'
import { field } from '../../core/field/index.ts'

describe('int', () => {
  it.each([
    ['42', 42],
    [' -7 ', -7],
    ['+5', 5],
    [0, 0],
    ['-0', 0],
  ])('%j is %j', (input, value) => {
    expect(field.int().parse(input)).toBe(value)
  })
  it.each(['4.0', '1e3', '0x10', '4 2', 'four', 1.5, Number.NaN, Number.POSITIVE_INFINITY, true, [1]])(
    'refuses %j',
    (input) => {
      expect(() => field.int().parse(input)).toThrow('must be a whole number such as 42')
    },
  )
  it('refuses what a JavaScript number cannot hold exactly', () => {
    expect(() => field.int().parse('9007199254740993')).toThrow('must be a smaller number')
  })
  it('stays within its bounds, which belong to it', () => {
    const stars = field.int({ min: 1, max: 5 })
    expect([stars.parse('1'), stars.parse('5')]).toEqual([1, 5])
    expect(() => stars.parse('0')).toThrow('must be at least 1')
    expect(() => stars.parse(6)).toThrow('must be at most 5')
  })
})

describe('number', () => {
  it.each([
    ['3.5', 3.5],
    ['.5', 0.5],
    ['-2.', -2],
    ['1e3', 1000],
    [0.15, 0.15],
  ])('%j is %j', (input, value) => {
    expect(field.number().parse(input)).toBe(value)
  })
  it.each(['3,5', '1e999', 'NaN', 'Infinity', '0x1', '.', Number.NaN, null, true])('refuses %j', (input) => {
    expect(() => field.number().parse(input)).toThrow('must be a number such as 3.5')
  })
})

describe('price', () => {
  const price = field.price()
  it.each([
    ['12', '12.00'],
    ['12.5', '12.50'],
    ['1234.50', '1234.50'],
    [' 0012.1 ', '12.10'],
    ['12.5000', '12.50'],
    [12.5, '12.50'],
    [0.1, '0.10'],
    [0, '0.00'],
    [-0, '0.00'],
    ['90071992547409.93', '90071992547409.93'],
  ])('%j is %j', (input, value) => {
    expect(price.parse(input)).toBe(value)
  })
  it.each([
    '1,234.50',
    '12,5',
    '1e3',
    '12.',
    '.5',
    '+5',
    '€ 5',
    'twelve',
    Number.NaN,
    1e21,
    1e-7,
    1e15,
    true,
  ])('refuses %j', (input) => {
    expect(() => price.parse(input)).toThrow('must be an amount such as 1234.50')
  })
  it('does not round', () => {
    expect(() => price.parse('12.505')).toThrow('must have at most 2 digits behind the point')
    expect(() => price.parse(0.1 + 0.2)).toThrow('must have at most 2 digits behind the point')
  })
  it('is not negative unless that is allowed', () => {
    expect(() => price.parse('-0.01')).toThrow('must be at least 0.00')
    expect(field.price({ allowNegative: true }).parse('-5')).toBe('-5.00')
    expect(field.price({ allowNegative: true }).parse('-0.00')).toBe('0.00')
  })
  it('compares amounts as decimals', () => {
    const limited = field.price({ min: '9.50', max: '10' })
    expect(limited.parse('10.00')).toBe('10.00')
    expect(() => limited.parse('9.49')).toThrow('must be at least 9.50')
    expect(() => limited.parse('10.01')).toThrow('must be at most 10.00')
  })
  it('has the digits its scale says', () => {
    expect(field.price({ scale: 0 }).parse('12.0')).toBe('12')
    expect(field.price({ scale: 4 }).parse('12.5')).toBe('12.5000')
    expect(() => field.price({ scale: 2.5 })).toThrow('whole number from 0 to 10')
  })
  it('refuses amounts too large for a numeric(18,2) column', () => {
    expect(price.parse('9999999999999999.99')).toBe('9999999999999999.99')
    expect(() => price.parse('10000000000000000.00')).toThrow('must be a smaller amount')
  })
})

describe('boolean', () => {
  it.each([
    [true, true],
    ['on', true],
    ['true', true],
    ['1', true],
    [false, false],
    ['false', false],
    ['0', false],
  ])('%j is %j', (input, value) => {
    expect(field.boolean().parse(input)).toBe(value)
  })
  it.each(['maybe', 2, []])('refuses %j', (input) => {
    expect(() => field.boolean().parse(input)).toThrow('must be yes or no')
  })
  it('has a form text that comes back as the same value', () => {
    expect([field.boolean().toForm(true), field.boolean().toForm(false)]).toEqual(['on', ''])
  })
})

describe('date', () => {
  it.each(['2026-03-31', '2024-02-29', '1996-07-04', '0001-01-01', '9999-12-31'])('takes %s', (day) => {
    expect(field.date().parse(day)).toBe(day)
  })
  it.each([
    ...['2024-02-30', '2023-02-29', '2026-13-01', '2026-00-10', '2026-04-31', '0000-01-01'],
    ...['31.3.2026', '2026-3-31', '2026-03-31T00:00', 'today', 20260331, new Date()],
  ])('refuses %j', (input) => {
    expect(() => field.date().parse(input)).toThrow('must be a date such as 2026-03-31')
  })
  it('stays within its bounds', () => {
    const date = field.date({ min: '2026-01-01', max: '2026-12-31' })
    expect(() => date.parse('2025-12-31')).toThrow('must not be before 2026-01-01')
    expect(() => date.parse('2027-01-01')).toThrow('must not be after 2026-12-31')
  })
})

describe('node', () => {
  it('is the id of a node', () => {
    expect([field.node().parse('7'), field.node().parse(7)]).toEqual([7, 7])
  })
  it.each(['0', -1, 1.5, '/about', 2_147_483_648, true])('refuses %j', (input) => {
    expect(() => field.node().parse(input)).toThrow('must be the number (id) of a node')
  })
  it('tells which basetypes it may refer to', () => {
    expect(field.node({ basetypes: ['customer'] }).settings.basetypes).toEqual(['customer'])
  })
})
