/** Whether a path leads to this site and nowhere else, as redirect targets taken from a request must. */
export function isLocalPath(path: unknown): path is string {
  // Browsers take \ for / and drop tabs and line ends: '/\\evil' and '/<tab>/evil' would lead away.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return typeof path === 'string' && /^\/(?!\/)[^\\\u0000-\u001f]*$/.test(path)
}
