/**
 * The target of a request as path and query. A client may name it whole, as to a proxy (`GET http://host/path`); a host that a
 * request claims is not to come into links, and the page is the same.
 *
 * @example originForm('http://shop.example/about?x=1')  // '/about?x=1'
 */
export function originForm(target: string): string {
  if (target.startsWith('/')) return target
  const [, rest] = /^https?:\/\/[^/?#]*(.*)$/is.exec(target) ?? []
  if (rest === undefined) return target
  return rest.startsWith('/') ? rest : `/${rest}`
}
