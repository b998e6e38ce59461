import type { Runner } from './runner.ts'

/** Milliseconds that a process may say nothing within one of its short transactions. */
const SILENCE = 2000

const BRIEF = {
  name: 'jobmachine.brief',
  text: `select set_config('idle_in_transaction_session_timeout', $1, true)`,
}

/**
 * Says that the transaction is a matter of moments: if its process is stopped or cut off in it, the server ends it
 * soon, and what it has locked is free for others.
 */
export async function beBrief(runner: Runner): Promise<void> {
  await runner.query(BRIEF, [String(SILENCE)])
}
