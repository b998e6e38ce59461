import type { Context } from 'koa'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { DjetError } from '../error.ts'
import type { Token } from '../token.ts'

/** Requests that each token has made in the last minute, counted in this process. */
export class TokenLimits {
  readonly #limiter: RateLimiterMemory

  /** @param rate requests a minute */
  constructor(rate: number) {
    this.#limiter = new RateLimiterMemory({ points: rate, duration: 60 })
  }

  /** @throws {DjetError} TOO_MANY_REQUESTS, 429, with Retry-After */
  async count(ctx: Context, { id }: Token): Promise<void> {
    try {
      await this.#limiter.consume(id)
    } catch (refused) {
      if (!(refused instanceof RateLimiterRes)) throw refused
      const seconds = Math.max(1, Math.ceil(refused.msBeforeNext / 1000))
      ctx.state.retryAfter = seconds
      ctx.state.isProgram = true
      const message = `too many requests with this token. Go on in ${seconds} seconds.`
      throw new DjetError('TOO_MANY_REQUESTS', message, { status: 429 })
    }
  }
}
