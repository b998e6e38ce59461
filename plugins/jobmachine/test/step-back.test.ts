import { readdirSync } from 'node:fs'
import { getPriority } from 'node:os'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { jobmachine } from '../index.ts'
import { checkOptions } from '../options.ts'
import { stepBack } from '../worker/step-back.ts'
import { createJobsSite, type JobsSite } from './jobs-site.ts'

describe('threads beside the web server', () => {
  it('step back by 10 unless told otherwise', () => {
    expect(checkOptions({}).nice).toBe(10)
    expect(checkOptions({ nice: 0 }).nice).toBe(0)
    for (const nice of [-1, 20, 1.5]) {
      expect(() => jobmachine({ nice })).toThrow(expect.objectContaining({ code: 'JOBMACHINE_OPTIONS' }))
    }
  })

  it('never changes the main thread of a process', () => {
    const before = getPriority()
    expect(stepBack(0)).toBe(false)
    if (process.platform !== 'linux') expect(stepBack(10)).toBe(false)
    expect(getPriority()).toBe(before)
  })
})

describe.runIf(process.platform === 'linux')('a worker thread on Linux', () => {
  let site: JobsSite
  beforeAll(async () => {
    site = await createJobsSite()
  })
  afterAll(() => site?.close())

  it('has a lower priority than the rest of its process', async () => {
    const lowest = Math.min(getPriority() + 7, 19)
    const at = (priority: number): number => threads().filter((thread) => thread === priority).length
    const before = at(lowest)
    await site.work({ threads: 2, nice: lowest })
    await expect.poll(() => at(lowest), { timeout: 30_000 }).toBeGreaterThanOrEqual(before + 2)
    expect(getPriority()).toBeLessThan(lowest)
  })
})

/** Priorities of the threads of this process. */
function threads(): number[] {
  return readdirSync('/proc/self/task').flatMap((id) => {
    try {
      return [getPriority(Number(id))]
    } catch {
      return [] // it has ended meanwhile
    }
  })
}
