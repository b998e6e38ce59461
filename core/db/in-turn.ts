/** Begins each piece of work when the one before has ended, failed or not. */
export type InTurn = <T>(work: () => Promise<T>) => Promise<T>

/**
 * Makes a queue for one connection. A connection runs one query at a time; pg is giving up queueing by itself.
 *
 * @example
 * const inTurn = makeInTurn()
 * await Promise.all([inTurn(() => client.query('select 1')), inTurn(() => client.query('select 2'))])
 */
export function makeInTurn(): InTurn {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const result = last.then(work)
    last = result.catch(() => {})
    return result
  }
}
