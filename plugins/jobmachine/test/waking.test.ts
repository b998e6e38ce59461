import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Waking } from '../supervisor/waking.ts'
import type { WorkerThread } from '../supervisor/worker-thread.ts'

function threads(...busy: (number | 'starting')[]): { all: WorkerThread[]; woken: number[] } {
  const woken: number[] = []
  const all = busy.map((n, at) => ({
    workerId: n === 'starting' ? 0 : at + 1,
    slots: { busy: n === 'starting' ? 0 : n },
    wake: () => woken.push(at),
  }))
  return { all: all as unknown as WorkerThread[], woken }
}

describe('a task that was sent', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  test('wakes the thread with the least to do, and the others a moment later', () => {
    const { all, woken } = threads(1, 0, 2)
    const waking = new Waking(all)
    waking.wake()
    expect(woken).toEqual([1])
    vi.runAllTimers()
    expect(woken).toEqual([1, 0, 1, 2])
  })

  test('wakes the others once for many', () => {
    const { all, woken } = threads(0, 0)
    const waking = new Waking(all)
    for (let n = 0; n < 5; n++) waking.wake()
    vi.runAllTimers()
    expect(woken).toEqual([0, 0, 0, 0, 0, 0, 1])
  })

  test('is not lost on a thread that still starts', () => {
    const { all, woken } = threads('starting', 3)
    const waking = new Waking(all)
    waking.wake()
    expect(woken).toEqual([1])
    vi.runAllTimers()
    expect(woken).toEqual([1, 0, 1])
  })

  test('wakes nobody after the end', () => {
    const { all, woken } = threads(0, 0)
    const waking = new Waking(all)
    waking.wake()
    waking.stop()
    vi.runAllTimers()
    expect(woken).toEqual([0])
  })
})
