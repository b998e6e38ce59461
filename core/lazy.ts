/**
 * A value computed when it is first awaited: what templates do not ask for costs nothing. Being a property like
 * any other it survives `{ ...it }`, which a getter would not.
 */
export class Lazy<T> implements PromiseLike<T> {
  readonly #compute: () => T | Promise<T>
  #value: Promise<T> | undefined

  constructor(compute: () => T | Promise<T>) {
    this.#compute = compute
  }

  // biome-ignore lint/suspicious/noThenProperty: being awaited is its purpose
  then<A = T, B = never>(
    fulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#value ??= this.#begin()
    return this.#value.then(fulfilled, rejected)
  }

  async #begin(): Promise<T> {
    return this.#compute()
  }
}
