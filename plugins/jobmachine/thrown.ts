import { messageOf } from '../../core/index.ts'

/** Characters of a message and of a stack that are kept. */
const LONGEST = 10_000
const LONGEST_STACK = 30_000
/** Causes, and errors of an AggregateError, whose words are kept. */
const MOST = 10

/** Text as PostgreSQL takes it, of a bearable length. */
export function storable(text: string, longest = LONGEST): string {
  const kept = text.replaceAll('\0', '')
  return kept.length > longest ? `${kept.slice(0, longest)} …` : kept
}

/** What is kept of anything that a function has thrown. */
export function wordsOfThrown(thrown: unknown): { error: string; stack: string | null } {
  const error = storable(messageOf(thrown)) || 'failed without a message'
  try {
    const stack = stackOf(thrown)
    return { error, stack: stack === null ? null : storable(stack, LONGEST_STACK) }
  } catch {
    // Getters of somebody's error that throw themselves.
    return { error, stack: null }
  }
}

/** Where it was thrown, and why: an error's stack, those of its causes, and what an AggregateError gathers. */
function stackOf(thrown: unknown): string | null {
  const seen = new Set<unknown>()
  const lines: string[] = []
  for (let error = thrown; error instanceof Error && !seen.has(error) && seen.size < MOST; ) {
    lines.push(`${seen.size > 0 ? 'caused by ' : ''}${String(error.stack ?? messageOf(error))}`)
    seen.add(error)
    if (error instanceof AggregateError) {
      for (const one of [...error.errors].slice(0, MOST)) lines.push(`- ${messageOf(one)}`)
    }
    if (error.cause !== undefined && !(error.cause instanceof Error))
      lines.push(`caused by ${messageOf(error.cause)}`)
    error = error.cause
  }
  return lines.length > 0 ? lines.join('\n') : null
}
