import type { Answer, Visitor } from '../visitor.ts'

/** A page that was visited. */
export interface Visited {
  readonly url: string
  readonly status: number
  readonly html: string
}

/** Addresses below these are told apart word by word; elsewhere they are names of nodes, of which some are enough. */
const WORDS = new Set(['admin', 'jobs', 'users', 'account', 'login', 'logout', 'files', '-'])

/** What stands behind these is the name of a thing. */
const NAMED = new Set(['basetypes', 'start', 'new'])

/** Visits of pages of one shape. */
const MOST_OF_A_SHAPE = 2

/**
 * Goes to the given pages and on to all that they link to, of each shape (`/catalogue/*`, `/jobs/task/#`) a few, so
 * that a page which is new is visited as soon as something links to it.
 */
export async function walk(visitor: Visitor, begin: readonly string[]): Promise<Visited[]> {
  const waiting = [...begin]
  const seen = new Map<string, number>()
  const known = new Set(begin)
  const visited: Visited[] = []
  for (let url = waiting.shift(); url !== undefined; url = waiting.shift()) {
    const shape = shapeOf(url)
    const count = seen.get(shape) ?? 0
    if (count >= MOST_OF_A_SHAPE) continue
    seen.set(shape, count + 1)
    const answer = await visitor.get(url)
    const to = answer.location
    if (to?.startsWith('/') && !known.has(to)) waiting.push(to)
    if (!isPage(answer)) continue
    visited.push({ url, status: answer.status, html: answer.text })
    for (const link of linksIn(answer.text, url)) {
      if (known.has(link)) continue
      known.add(link)
      waiting.push(link)
    }
  }
  return visited
}

export function isPage({ headers }: Pick<Answer, 'headers'>): boolean {
  return headers.get('content-type')?.startsWith('text/html') ?? false
}

/** Which pages are alike: numbers and names of nodes do not count, nor the values of a query. */
export function shapeOf(url: string): string {
  const { pathname, searchParams } = new URL(url, 'http://site')
  let inWords = false
  const steps = pathname.split('/').map((step, index, all) => {
    if (index === 1 || WORDS.has(step)) inWords = WORDS.has(step)
    if (/\d/.test(step)) return '#'
    return index > 1 && (!inWords || NAMED.has(all[index - 1] ?? '')) && step !== 'new' ? '*' : step
  })
  return `${steps.join('/')}?${[...new Set(searchParams.keys())].sort().join('&')}`
}

function linksIn(html: string, from: string): string[] {
  return [...html.matchAll(/<a\b[^>]*\bhref="([^"]*)"/g)]
    .map(([, href = '']) => new URL(href.replaceAll('&amp;', '&'), new URL(from, 'http://site')))
    .filter(
      ({ origin, pathname }) =>
        origin === 'http://site' && !/^\/-\/(language|static)|\/-\/file\//.test(pathname),
    )
    .map(({ pathname, search }) => pathname + search)
}
