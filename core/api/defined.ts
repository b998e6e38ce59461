/** Without what is undefined, for options that know only absent. */
export function defined<T extends object>(values: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  // What is left has no undefined, which is all the type says.
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never
}
