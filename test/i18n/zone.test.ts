import { expect, test } from 'vitest'
import { formatsOf } from '../../core/i18n/formats.ts'
import { Zone } from '../../core/index.ts'

const rome = new Zone('europe/rome')
const read = (text: string, zone = rome) => zone.read(text).toISOString()

test('a time is read by the clocks of the zone, the first where they show it twice', () => {
  expect(read('2026-03-31T14:05')).toBe('2026-03-31T12:05:00.000Z')
  expect(read('2026-01-31 14:05:09')).toBe('2026-01-31T13:05:09.000Z')
  expect(read('2026-10-25T02:30')).toBe('2026-10-25T00:30:00.000Z')
  expect(read('2026-03-29T02:30Z')).toBe('2026-03-29T02:30:00.000Z')
  expect(read('2026-03-29T02:30+01:00')).toBe('2026-03-29T01:30:00.000Z')
  expect(read('2026-04-05T01:45', new Zone('Australia/Lord_Howe'))).toBe('2026-04-04T14:45:00.000Z')
})

test('a time the clocks leave out, or that is none, is refused', () => {
  expect(() => read('2026-03-29T02:30')).toThrow(
    'is left out by the clocks of Europe/Rome, which go from 02:00 to 03:00 on that day',
  )
  for (const text of ['', '2026-03-31', '2026-02-29T10:00', '2026-03-31T24:30', '2026-03-31T10:00+99:00']) {
    expect(() => read(text), text).toThrow('must be a date with a time')
  }
})

test('a day begins at midnight, or where the clocks go on to', () => {
  expect(rome.startOf('2026-03-29').toISOString()).toBe('2026-03-28T23:00:00.000Z')
  expect(rome.startOf('2026-03-29', 1).toISOString()).toBe('2026-03-29T22:00:00.000Z')
  expect(new Zone('America/Santiago').startOf('2026-09-06').toISOString()).toBe('2026-09-06T04:00:00.000Z')
  expect(() => rome.startOf('2026-02-30')).toThrow('must be a date such as 2026-03-31')
})

test('times are shown by those clocks, days as they are', () => {
  const time = new Date('2026-03-31T22:05:09Z')
  const [en, da] = [formatsOf('en', rome), formatsOf('da', rome)]
  expect(en.clock(time)).toBe('2026-04-01T00:05:09')
  expect([en.formatDateTime(time), da.formatDateTime(time)]).toEqual(['2026-04-01 00:05', '01.04.2026 00.05'])
  expect([en.formatDate(time), da.formatDate(time.toISOString())]).toEqual(['2026-04-01', '01.04.2026'])
  expect([en.formatDate('2026-03-31'), da.formatDate('2026-03-31')]).toEqual(['2026-03-31', '31.03.2026'])
  expect(formatsOf('en').formatDateTime(time)).toBe('2026-03-31 22:05')
})
