import { describe, expect, it } from 'vitest'
import { Prefetch } from '../worker/prefetch.ts'

describe('claiming ahead', () => {
  it.each([1, 4, 64])(
    'claims no more than %i slots can start while it is not known how long tasks take',
    (slots) => {
      const prefetch = new Prefetch(slots)
      expect(prefetch.wanted(0, 0)).toBe(slots)
      expect(prefetch.wanted(slots, 0)).toBe(0)
      for (let n = 0; n < 5; n++) prefetch.took(0.05)
      expect(prefetch.wanted(slots, 0)).toBe(0)
    },
  )

  it('claims ahead once many were quick, and no longer when one took long', () => {
    const prefetch = new Prefetch(4)
    for (let n = 0; n < 100; n++) prefetch.took(0.2)
    expect(prefetch.wanted(4, 0)).toBeGreaterThan(500)
    prefetch.took(5000)
    expect(prefetch.wanted(4, 0)).toBe(0)
  })

  it('does not while what is held waits too long', () => {
    const prefetch = new Prefetch(4)
    for (let n = 0; n < 100; n++) prefetch.took(0.2)
    prefetch.slow()
    expect(prefetch.wanted(4, 0)).toBe(0)
  })
})
