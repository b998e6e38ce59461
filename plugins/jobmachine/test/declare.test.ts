import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { retryDelay } from '../backoff.ts'
import { defineJob, inWords, jobmachine, milliseconds } from '../index.ts'
import { jobsOf } from '../registry.ts'

describe('durations', () => {
  it.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
    ['1.5s', 1500],
  ])('%s is %i milliseconds', (text, ms) => expect(milliseconds(text, 'it')).toBe(ms))

  it.each(['5', 'm', '5 minutes', '-1s', ''])('%j is none', (text) => {
    expect(() => milliseconds(text, 'timeout of it')).toThrow('timeout of it is')
  })

  it('are said as a person would', () => {
    expect([300, 1500, 300_000, 9_000_000].map(inWords)).toEqual(['300ms', '1.5s', '5m', '2h 30m'])
  })
})

describe('defineJob', () => {
  const params = z.unknown()

  it('refuses a policy that cannot be', () => {
    expect(() => defineJob('a b', () => {}, { params })).toThrow("job 'a b'")
    expect(() => defineJob('a', () => {}, { params, retries: -1 })).toThrow('retries is -1')
    expect(() => defineJob('a', () => {}, { params, priority: 101 })).toThrow('priority is 101')
    expect(() => defineJob('a', () => {}, { params, timeout: '0s' })).toThrow("timeout of job 'a'")
  })

  it('waits twice as long after each failure, give or take a quarter', () => {
    const job = defineJob('a', () => {}, { params, backoff: '1s' })
    for (const [attempt, ms] of [
      [1, 1000],
      [3, 4000],
      [50, 3_600_000],
    ] as const) {
      const wait = retryDelay(job, attempt)
      expect(wait).toBeGreaterThanOrEqual(ms * 0.75)
      expect(wait).toBeLessThanOrEqual(ms * 1.25)
    }
  })

  it('two plugins cannot use one class', () => {
    const job = defineJob('a.b', () => {}, { params })
    const contributions = () => [
      { plugin: { name: 'one' }, value: [job] },
      { plugin: { name: 'two' }, value: [job] },
    ]
    expect(() => jobsOf({ contributions } as unknown as Parameters<typeof jobsOf>[0])).toThrow(
      "plugin 'two' brings job 'a.b', which plugin 'one' brings already",
    )
  })
})

describe('the options', () => {
  it('are checked', () => {
    expect(() => jobmachine({ thread: 2 } as object)).toThrow(
      "unknown option 'thread'. Did you mean 'threads'?",
    )
    expect(() => jobmachine({ threads: -1 })).toThrow("option 'threads'")
    expect(() => jobmachine({ grace: '6' as '6s' })).toThrow("option 'grace'")
  })
})
