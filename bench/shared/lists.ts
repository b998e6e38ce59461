import type { Visitor } from '../../test/visitor.ts'
import type { Table } from './report.ts'
import { median, percentile, round } from './statistics.ts'

/** Pages of each list that are asked for, one after the other. */
const PAGES = 5

/** A list that people or programs look at. */
export interface List {
  readonly title: string
  readonly path: string
  /** Asked as a program does. */
  readonly json?: boolean
  /** Sent with it, as a form; it is asked for with GET otherwise. */
  readonly form?: Readonly<Record<string, string>>
}

/** How soon a list answered, milliseconds. */
export interface Answered {
  readonly title: string
  /** Of the first request since the start of the server. */
  readonly first: number
  readonly p50: number
  readonly p95: number
}

/**
 * Asks for each list, then for the pages that follow, and for each of these again.
 *
 * @param times how often again
 * @param progress is told the title of each
 */
export async function askForLists(
  visitor: Visitor,
  lists: readonly List[],
  times: number,
  progress: (line: string) => void,
): Promise<Answered[]> {
  const answered: Answered[] = []
  for (const list of lists) {
    progress(list.title)
    answered.push(await askFor(visitor, list, times))
  }
  return answered
}

/** @param title above the lists */
export function tableOf(title: string, answered: readonly Answered[]): Table {
  return {
    columns: [title, 'first ms', 'p50 ms', 'p95 ms'],
    rows: answered.map(({ title, first, p50, p95 }) => [title, first, p50, p95]),
  }
}

/** Whether a figure of each is at most `goal` milliseconds, in words. */
export function verdict(answered: readonly Answered[], of: 'first' | 'p95', goal: number): string {
  const slow = answered.filter((list) => list[of] > goal).map(({ title }) => title)
  return slow.length === 0 ? 'met' : `missed by ${slow.join(', ')}`
}

async function askFor(visitor: Visitor, list: List, times: number): Promise<Answered> {
  const accept = list.json ? 'application/json' : 'text/html'
  const ask = async (path: string): Promise<{ took: number; next: string | null }> => {
    const begun = performance.now()
    const answer = list.form
      ? await visitor.post(path, { ...list.form }, { headers: { accept } })
      : await visitor.get(path, { accept })
    const took = performance.now() - begun
    if (answer.status !== 200)
      throw new Error(`${path} answered ${answer.status}: ${answer.text.slice(0, 500)}`)
    return { took, next: list.form ? null : nextOf(path, answer.text, list.json === true) }
  }
  const { took: first, next } = await ask(list.path)
  const paths = [list.path]
  const later: number[] = []
  for (let path = next; path !== null && paths.length < PAGES; ) {
    paths.push(path)
    const answer = await ask(path)
    later.push(answer.took)
    path = answer.next
  }
  for (let n = 0; n < times; n++) for (const path of paths) later.push((await ask(path)).took)
  return {
    title: list.title,
    first: round(first),
    p50: round(median(later)),
    p95: round(percentile(later, 0.95)),
  }
}

/** The address of the page that follows. */
function nextOf(path: string, text: string, json: boolean): string | null {
  const next = json
    ? (JSON.parse(text) as { next?: string | null }).next
    : /rel="next" href="([^"]*)"/.exec(text)?.[1]?.replaceAll('&amp;', '&')
  if (!next) return null
  const url = new URL(next, new URL(path, 'http://localhost'))
  return url.pathname + url.search
}
