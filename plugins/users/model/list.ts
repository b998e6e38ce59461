import { checkLimit, type Djet, fromCursor, type Page, toCursor } from '../../../core/index.ts'

/** One line of the list of users. */
export interface UserLine {
  /** Of his page. */
  readonly id: number
  readonly path: string
  readonly login: string
  readonly name: string
  readonly email: string | null
  readonly roles: readonly string[]
  readonly enabled: boolean
  /** False: invited, and not come yet. */
  readonly ready: boolean
  readonly secondFactor: boolean
  readonly created: Date
  /** Chosen for the interface; null: none. */
  readonly language: string | null
}

const LINE = `
  select n.id, n.path, a.login, n.name, n.data ->> 'email' as email, a.roles, a.enabled,
    a.password_hash is not null as ready, a.created, p.language,
    exists (select from users.second_factor f where f.account_id = a.id and f.confirmed is not null) as "secondFactor"`
const FROM = `
  from djet.account a join users.profile p on p.account_id = a.id join djet.node n on n.id = p.node_id`

/**
 * Users by login, one page. A search finds words of name, login and e-mail address by how they begin.
 *
 * @example await listUsers(djet, { search: 'dav', limit: 50 })
 */
export async function listUsers(
  djet: Djet,
  { search = '', after, limit }: { search?: string; after?: string | undefined; limit?: number } = {},
): Promise<Page<UserLine>> {
  const most = checkLimit(limit)
  const [from = null] = after === undefined || after === '' ? [] : fromCursor(after, ['string'])
  const query = tsquery(search)
  if (query === null && search.trim() !== '') return { items: [], next: null }
  const rows = await djet.query<UserLine>(
    `${LINE} ${FROM}
     where ($1::text is null or a.login > $1)
       ${query === null ? '' : `and n.basetype = 'user' and ${DOCUMENT} @@ $3::tsquery`}
     order by a.login limit $2`,
    [from, most + 1, ...(query === null ? [] : [query])],
  )
  const items = rows.slice(0, most)
  const last = items.at(-1)
  return { items, next: rows.length > most && last ? toCursor([last.login]) : null }
}

/** One user with the version of what can be changed of him: `3.2`, of his page and of his account; null: nobody. */
export async function userLine(
  djet: Djet,
  nodeId: number,
): Promise<(UserLine & { readonly version: string }) | null> {
  const [row] = await djet.query<UserLine & { version: string }>(
    `${LINE}, n.version || '.' || p.version as version ${FROM} where p.node_id = $1`,
    [nodeId],
  )
  return row ?? null
}

/** As in the index `user_search`. */
const DOCUMENT = `to_tsvector('simple', n.name || ' ' || coalesce(n.data ->> 'login', '') || ' ' || coalesce(n.data ->> 'email', ''))`

/** `nancy dav` -> `'nancy':* & 'dav':*`, words as PostgreSQL takes them apart; null: nothing to search for. */
function tsquery(search: string): string | null {
  const words = search
    .toLowerCase()
    .slice(0, 200)
    .split(/[^\p{L}\p{N}@._+-]+/u)
    .filter((word) => /[\p{L}\p{N}]/u.test(word))
  return words.length === 0 ? null : words.map((word) => `'${word}':*`).join(' & ')
}
