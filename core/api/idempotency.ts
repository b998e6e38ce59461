import { createHash } from 'node:crypto'
import type { Connection } from '../db/connection.ts'
import type { EngineContext } from '../engine.ts'
import { DjetError } from '../error.ts'
import type { Djet } from '../scope.ts'
import type { ApiAnswer } from './operation.ts'

/** Hours for which an answer is given again. */
const HOURS = 24

/** The last that was begun of each key, by user and key: who waits here holds no connection. */
const running = new Map<string, Promise<unknown>>()

async function inTurn<T>(of: string, work: () => Promise<T>): Promise<T> {
  const turn = (running.get(of) ?? Promise.resolve()).then(work)
  const over = turn.catch(() => {}).finally(() => running.get(of) === over && running.delete(of))
  running.set(of, over)
  return turn
}

/**
 * Carries out a POST once, however often a program that heard nothing sends it again with the same `Idempotency-Key`:
 * the answer is kept in the transaction of the change. What failed is not kept and may be tried again.
 *
 * @throws {DjetError} KEY_INVALID 400, KEY_USED 422
 */
export async function onceForKey(
  ctx: EngineContext,
  work: (djet: Djet) => Promise<ApiAnswer>,
): Promise<ApiAnswer> {
  const key = ctx.get('Idempotency-Key').trim()
  const { djet } = ctx
  if (key === '' || ctx.method !== 'POST' || djet.user === null) return work(djet)
  if (!/^[\x21-\x7e]{1,255}$/.test(key)) {
    const message = 'an Idempotency-Key is 1 to 255 characters without spaces, such as a UUID.'
    throw new DjetError('KEY_INVALID', message, { status: 400 })
  }
  const accountId = djet.user.id
  const request = digestOf(ctx)
  const once = async (djet: Djet): Promise<ApiAnswer> => {
    // Another process with the same key is waited for here.
    const [mine] = await djet.query(
      `insert into djet.api_answer (account_id, key, request) values ($1, $2, $3)
       on conflict do nothing returning 1`,
      [accountId, key, request],
    )
    if (mine === undefined) return kept(ctx, djet.connection, accountId, key, request)
    const answer = await work(djet)
    await djet.query('update djet.api_answer set body = $3 where account_id = $1 and key = $2', [
      accountId,
      key,
      JSON.stringify(answer),
    ])
    return answer
  }
  return inTurn(JSON.stringify([djet.config.dir, accountId, key]), () => djet.transaction(once))
}

async function kept(
  ctx: EngineContext,
  connection: Connection,
  accountId: number,
  key: string,
  request: Buffer,
): Promise<ApiAnswer> {
  const [row] = await connection.query<{ body: string; same: boolean }>(
    'select body, request = $3 as same from djet.api_answer where account_id = $1 and key = $2',
    [accountId, key, request],
  )
  if (row?.same) {
    ctx.set('Idempotency-Replayed', 'true')
    return JSON.parse(row.body)
  }
  const message = 'this Idempotency-Key was used for another request. Take a new one for each.'
  throw new DjetError('KEY_USED', message, { status: 422 })
}

function digestOf(ctx: EngineContext): Buffer {
  const { rawBody = '' } = ctx.request as { rawBody?: string }
  return createHash('sha256')
    .update(`${ctx.method} ${ctx.url} ${ctx.get('If-Match')}\n${rawBody}`)
    .digest()
}

/** Removes answers that are no longer given again. */
export async function removeOldAnswers(connection: Connection): Promise<void> {
  await connection.query(`delete from djet.api_answer where created < now() - interval '${HOURS} hours'`)
}
