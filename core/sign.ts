import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Connection } from './db/connection.ts'
import type { Djet } from './scope.ts'

/** The secret of a site, made at first need: what tokens of forms and links are made with. */
export async function siteSecret(connection: Pick<Connection, 'query'>): Promise<string> {
  const read = { name: 'djet-secret', text: "select value from djet.setting where name = 'secret'" }
  const [row] = await connection.query<{ value: string }>(read)
  if (row) return row.value
  await connection.query(
    "insert into djet.setting (name, value) values ('secret', to_jsonb($1::text)) on conflict (name) do nothing",
    [randomBytes(32).toString('base64url')],
  )
  const [made] = await connection.query<{ value: string }>(read)
  return made!.value
}

/**
 * Signs a text with the site's secret, so that a link or a form can prove later that the site made it.
 *
 * @param purpose what the signature is good for, e.g. `library.ticket`: one made for another purpose is worth nothing
 * @returns 43 characters that may stand in a URL
 * @example const url = `/tickets/${id}/${await sign(djet, 'library.ticket', String(id))}`
 */
export async function sign(djet: Djet, purpose: string, text: string): Promise<string> {
  const secret = await siteSecret(djet)
  return createHmac('sha256', secret)
    .update(`signed:${JSON.stringify([purpose, text])}`)
    .digest('base64url')
}

/** Whether a signature is the one that `sign` makes, compared in constant time. */
export async function isSigned(
  djet: Djet,
  purpose: string,
  text: string,
  signature: unknown,
): Promise<boolean> {
  const expected = Buffer.from(await sign(djet, purpose, text))
  const given = Buffer.from(typeof signature === 'string' ? signature : '')
  return expected.length === given.length && timingSafeEqual(expected, given)
}
