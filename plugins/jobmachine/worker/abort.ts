/**
 * An AbortController whose signal is made when somebody asks for it: a signal costs as much as all the rest of a
 * task that does nothing.
 */
export class Abort {
  #controller: AbortController | undefined
  /** Why it was aborted; undefined: it was not. */
  reason: Error | undefined

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController()
      if (this.reason) this.#controller.abort(this.reason)
    }
    return this.#controller.signal
  }

  get aborted(): boolean {
    return this.reason !== undefined
  }

  /** Only the first reason counts. */
  abort(reason: Error): void {
    if (this.reason) return
    this.reason = reason
    this.#controller?.abort(reason)
  }
}
