import { describe, expect, it } from 'vitest'
import { Zone } from '../../../core/index.ts'
import { Calendar } from '../schedule/calendar.ts'
import { Cron, cronInWords } from '../schedule/cron.ts'

/** Due times after a time, as the clocks of the zone show them and in UTC. */
function due(cron: string, zone: string, after: string, n: number): string[] {
  const calendar = new Calendar(cron, zone)
  const found: string[] = []
  for (let time: Date | undefined = new Date(after); found.length < n; ) {
    time = calendar.next(time)
    if (time === undefined) break
    found.push(time.toISOString().slice(5, 16).replace('T', ' '))
  }
  return found
}

describe('a calendar', () => {
  it.each([
    // Europe/Rome, 29 March 2026: 02:00 to 03:00, at 01:00 UTC.
    ['30 2 * * *', 'Europe/Rome', '2026-03-28T00:00Z', ['03-28 01:30', '03-29 01:00', '03-30 00:30']],
    ['15,45 2 * * *', 'Europe/Rome', '2026-03-29T00:00Z', ['03-29 01:00', '03-30 00:15', '03-30 00:45']],
    ['0 2,3 * * *', 'Europe/Rome', '2026-03-29T00:00Z', ['03-29 01:00', '03-30 00:00', '03-30 01:00']],
    ['*/20 2 * * *', 'Europe/Rome', '2026-03-29T00:00Z', ['03-29 01:00', '03-30 00:00', '03-30 00:20']],
    ['*/30 * * * *', 'Europe/Rome', '2026-03-29T00:10Z', ['03-29 00:30', '03-29 01:00', '03-29 01:30']],
    ['30 * * * *', 'Europe/Rome', '2026-03-29T00:10Z', ['03-29 00:30', '03-29 01:30', '03-29 02:30']],
    ['0 3 * * *', 'Europe/Rome', '2026-03-29T00:00Z', ['03-29 01:00', '03-30 01:00']],
    // 25 October 2026: 03:00 to 02:00, at 01:00 UTC.
    ['30 2 * * *', 'Europe/Rome', '2026-10-24T00:00Z', ['10-24 00:30', '10-25 00:30', '10-26 01:30']],
    ['0 3 * * *', 'Europe/Rome', '2026-10-24T12:00Z', ['10-25 02:00', '10-26 02:00']],
    ['15,45 2 * * *', 'Europe/Rome', '2026-10-24T12:00Z', ['10-25 00:15', '10-25 00:45', '10-26 01:15']],
    ['0 30 2,3 * * *', 'Europe/Rome', '2026-10-25T00:40Z', ['10-25 02:30', '10-26 01:30']],
    [
      '*/30 * * * *',
      'Europe/Rome',
      '2026-10-25T00:10Z',
      ['10-25 00:30', '10-25 01:00', '10-25 01:30', '10-25 02:00'],
    ],
    ['0 * * * *', 'Europe/Rome', '2026-10-24T23:30Z', ['10-25 00:00', '10-25 01:00', '10-25 02:00']],
    // America/New_York, 8 March 2026: 02:00 to 03:00 at 07:00 UTC; 1 November: 02:00 to 01:00 at 06:00 UTC.
    ['30 2 * * *', 'America/New_York', '2026-03-07T12:00Z', ['03-08 07:00', '03-09 06:30']],
    ['30 1 * * *', 'America/New_York', '2026-10-31T12:00Z', ['11-01 05:30', '11-02 06:30']],
    [
      '0,30 * * * *',
      'America/New_York',
      '2026-11-01T05:10Z',
      ['11-01 05:30', '11-01 06:00', '11-01 06:30', '11-01 07:00'],
    ],
    // Australia/Lord_Howe moves by half an hour. 4 October 2026: 02:00 to 02:30, at 15:30 UTC the day before.
    ['15 2 * * *', 'Australia/Lord_Howe', '2026-10-02T12:00Z', ['10-02 15:45', '10-03 15:30', '10-04 15:15']],
    ['15,45 2 * * *', 'Australia/Lord_Howe', '2026-10-03T12:00Z', ['10-03 15:30', '10-03 15:45']],
    [
      '*/15 * * * *',
      'Australia/Lord_Howe',
      '2026-10-03T15:10Z',
      ['10-03 15:15', '10-03 15:30', '10-03 15:45', '10-03 16:00'],
    ],
    // 5 April 2026: 02:00 to 01:30, at 15:00 UTC the day before.
    ['45 1 * * *', 'Australia/Lord_Howe', '2026-04-03T12:00Z', ['04-03 14:45', '04-04 14:45', '04-05 15:15']],
    [
      '*/15 * * * *',
      'Australia/Lord_Howe',
      '2026-04-04T14:40Z',
      ['04-04 14:45', '04-04 15:00', '04-04 15:15', '04-04 15:30'],
    ],
    // Midnight itself does not exist; a whole day does not.
    ['0 0 * * *', 'America/Sao_Paulo', '2018-11-03T12:00Z', ['11-04 03:00', '11-05 02:00']],
    ['0 12 * * *', 'Pacific/Apia', '2011-12-29T12:00Z', ['12-29 22:00', '12-30 10:00', '12-30 22:00']],
    ['30 6 * * MON-FRI', 'Europe/Rome', '2026-03-27T12:00Z', ['03-30 04:30', '03-31 04:30']],
    ['0 0 29 2 *', 'Europe/Rome', '2026-03-27T12:00Z', ['02-28 23:00', '02-28 23:00']],
    ['0 9 L * *', 'Asia/Kolkata', '2026-01-15T12:00Z', ['01-31 03:30', '02-28 03:30']],
    ['0 0 13 * 5', 'UTC', '2026-03-01T00:00Z', ['03-06 00:00', '03-13 00:00', '03-20 00:00']],
    ['0 0 */2 * MON', 'UTC', '2026-11-24T00:00Z', ['12-07 00:00', '12-21 00:00', '01-11 00:00']],
    ['@daily', 'UTC', '2026-03-01T00:00Z', ['03-02 00:00']],
  ])('%s in %s after %s', (cron, zone, after, expected) => {
    expect(due(cron, zone, after, expected.length)).toEqual(expected)
  })

  const crons = ['30 2 * * *', '*/10 2 * * *', '0,30 1-3 * * *', '*/15 * * * *', '0 */2 * * *']
  it.each([
    ['Europe/Rome', '2026-03-28T20:00Z'],
    ['Europe/Rome', '2026-10-24T20:00Z'],
    ['America/New_York', '2026-03-08T01:00Z'],
    ['America/New_York', '2026-11-01T00:00Z'],
    ['Australia/Lord_Howe', '2026-10-03T10:00Z'],
    ['Australia/Lord_Howe', '2026-04-04T10:00Z'],
    ['America/St_Johns', '2006-10-28T22:00Z'], // at one minute past midnight
    ['Africa/Casablanca', '2026-02-14T21:00Z'],
  ])('agrees with a clock read every minute, forward and back: %s, %s', (zone, start) => {
    const from = Date.parse(start)
    const until = from + 14 * 3_600_000
    for (const cron of crons) {
      const expected = byTheClock(cron, new Zone(zone), from, until)
      const calendar = new Calendar(cron, zone)
      const forward: number[] = []
      for (let at = calendar.next(new Date(from)); at && +at <= until; at = calendar.next(at))
        forward.push(+at)
      expect(forward, cron).toEqual(expected)
      const back: number[] = []
      for (let at = calendar.last(new Date(until)); at && +at > from; at = calendar.last(new Date(+at - 1))) {
        back.unshift(+at)
      }
      expect(back, cron).toEqual(expected)
    }
  })

  it('has no time for a day that never comes', () => {
    expect(new Calendar('0 0 30 2 *', 'UTC').next(new Date())).toBeUndefined()
    expect(new Calendar('0 0 30 2 *', 'UTC').last(new Date())).toBeUndefined()
  })

  it.each([
    ['Europe/Rom', "'Europe/Rom' is no time zone. Did you mean 'Europe/Rome'?"],
    ['+01:00', 'Use a name like Europe/Rome or UTC'],
    ['', "'' is no time zone."],
  ])('refuses zone %j', (zone, message) => {
    expect(() => new Calendar('* * * * *', zone)).toThrow(message)
  })

  it.each(['UTC', 'europe/rome', 'Asia/Calcutta', 'Asia/Kolkata', 'EST5EDT', 'Etc/GMT+3'])(
    'knows zone %s',
    (zone) => {
      expect(new Calendar('* * * * *', zone).next(new Date(0))).toEqual(new Date(60_000))
    },
  )
})

/** What the rule says, worked out the slow way. */
function byTheClock(cron: string, zone: Zone, from: number, until: number): number[] {
  const pattern = new Cron(cron)
  const hits = (wall: number) => pattern.next(wall - 1) === wall
  const found: number[] = []
  const shown = new Set<number>()
  for (let time = from - 4 * 3_600_000; time <= until; time += 60_000) {
    const wall = time + zone.offset(time)
    const before = time - 60_000 + zone.offset(time - 60_000)
    let isDue = hits(wall) && (pattern.even || !shown.has(wall))
    if (!pattern.everyHour) for (let gone = before + 60_000; gone < wall; gone += 60_000) isDue ||= hits(gone)
    shown.add(wall)
    if (isDue && time > from) found.push(time)
  }
  return found
}

describe('a cron expression', () => {
  it.each([
    ['61 * * * *', "minute '61' cannot be read: it takes 0-59"],
    ['0 25 * * *', "hour '25' cannot be read: it takes 0-23"],
    ['99 0 0 * * *', "second '99' cannot be read"],
    ['0 0 32 * *', "day of month '32' cannot be read: it takes 1-31"],
    ['0 0 1 FOO *', "month 'FOO' cannot be read: it takes 1-12 or JAN-DEC"],
    ['0 0 * * 8', "day of week '8' cannot be read: it takes 0-7 or SUN-SAT"],
    ['0 0 * * FRI-MON', "day of week 'FRI-MON' cannot be read"],
    ['*/0 * * * *', "minute '*/0' cannot be read"],
    ['? * * * *', "minute '?' cannot be read"],
    ['0 0 * * +MON', "day of week '+MON' cannot be read"],
    ['1,,2 * * * *', "minute '1,,2' cannot be read"],
    [
      '* * * *',
      'needs 5 parts (minute, hour, day of month, month, day of week), or 6 with seconds in front, and has 4',
    ],
    ['0 0 0 1 1 * 2030', 'and has 7'],
    ['', 'and has none'],
    ['@reboot', "'@reboot' is not known"],
    [`${'1,'.repeat(150)}1 * * * *`, 'longer than 200'],
  ])('refuses %j', (cron, message) => {
    expect(() => new Cron(cron)).toThrow(message)
    expect(cronInWords(cron)).toBeTypeOf('string')
  })

  it.each([
    ['0 30 6 * * MON-FRI', 'At 06:30, Monday through Friday'],
    ['*/10 * * * *', 'Every 10 minutes'],
    ['*/10 * * * * *', 'Every 10 seconds'],
    ['0 0 L * ?', 'At 00:00, on the last day of the month'],
    ['@hourly', 'Every hour'],
  ])('says %s in words', (cron, words) => {
    expect(cronInWords(cron)).toBe(words)
  })
})
