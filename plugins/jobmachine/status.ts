/** What a task is doing, in words. */
export type Status = 'waiting' | 'running' | 'finished' | 'failed'

/** All of them, in the order a task goes through them. */
export const STATUSES: readonly Status[] = ['waiting', 'running', 'finished', 'failed']

const NUMBERS: Readonly<Record<Status, number>> = { waiting: 0, running: 100, finished: 200, failed: 900 }

/** The number Job::Machine stores for a status. */
export function statusNumber(status: Status): number {
  return NUMBERS[status]
}

/** The word for a stored number. */
export function statusWord(stored: number): Status {
  return STATUSES.find((status) => NUMBERS[status] === stored) ?? 'failed'
}

/** Whether a word from outside is a status. */
export function isStatus(word: string): word is Status {
  return Object.hasOwn(NUMBERS, word)
}

/** Whether nothing more happens to a task by itself. */
export function isOver(status: Status): boolean {
  return status === 'finished' || status === 'failed'
}
