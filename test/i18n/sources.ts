import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

/** A text of the interface as it is looked up in a source. */
export interface UsedText {
  readonly text: string
  readonly context: string | undefined
  readonly isPlural: boolean
  /** File and line. */
  readonly place: string
}

/** What one part of the program (core, or a plugin) says in its sources. */
export interface Said {
  /** Arguments of `t` and `tHtml`. */
  readonly used: readonly UsedText[]
  /** Any other text in quotes, with `{{}}` in place of what varies: among them are messages, titles and labels. */
  readonly quoted: ReadonlySet<string>
  /** Messages of `ctx.flash`. */
  readonly flashed: readonly UsedText[]
}

const STRING = /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|\$\{(?:[^{}]|\{[^{}]*\})*\}|[^`\\])*`/
const LOOKED_UP = new RegExp(String.raw`(?<![\w$])(?:[\w.]+\.)?t(?:Html)?\(\s*(${STRING.source})`, 'g')
const FLASHED = new RegExp(String.raw`\.flash\(\s*(${STRING.source})`, 'g')

/** Reads the sources below folders of the project. */
export function readSources(root: string, folders: readonly string[]): Said {
  const used: UsedText[] = []
  const flashed: UsedText[] = []
  const quoted = new Set<string>()
  for (const file of folders.flatMap((folder) => sourcesBelow(join(root, folder)))) {
    const source = withoutComments(readFileSync(file, 'utf8'))
    const at = (index: number) => `${relative(root, file)}:${source.slice(0, index).split('\n').length}`
    for (const match of source.matchAll(LOOKED_UP)) {
      const rest = argumentsAfter(source, match.index + match[0].length)
      used.push({
        text: textOf(match[1]!),
        context: /context: '([^']*)'/.exec(rest)?.[1],
        isPlural: /\bcount\b/.test(rest),
        place: at(match.index),
      })
    }
    for (const match of source.matchAll(FLASHED)) {
      flashed.push({ text: textOf(match[1]!), context: undefined, isPlural: false, place: at(match.index) })
    }
    for (const [string] of source.matchAll(new RegExp(STRING.source, 'g'))) quoted.add(textOf(string))
  }
  return { used, quoted, flashed }
}

/** Comments show how texts are looked up; their lines are kept for the place. */
function withoutComments(source: string): string {
  return source.replaceAll(/^\s*(?:\/\*\*|\*|\/\/).*$/gm, '')
}

function sourcesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|eta|js)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !/\/(test|migrations|node_modules)\//.test(`/${relative(folder, file)}`))
}

/** A string as it is written -> its text, with `{{}}` for what is filled in. */
function textOf(string: string): string {
  return string
    .slice(1, -1)
    .replaceAll(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, '{{}}')
    .replaceAll(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character))
}

/** What is between the end of the first argument and the bracket that closes the call. */
function argumentsAfter(source: string, from: number): string {
  let depth = 1
  for (let at = from; at < source.length; at++) {
    if (source[at] === '(') depth++
    if (source[at] === ')' && --depth === 0) return source.slice(from, at)
  }
  return source.slice(from)
}

/** Texts of templates that stand between tags or in attributes that are read, instead of being looked up. */
export function bareTexts(root: string, folder: string): string[] {
  const found: string[] = []
  for (const file of sourcesBelow(join(root, folder)).filter((name) => name.endsWith('.eta'))) {
    // What the template computes and what is code is no text; its lines are kept for the place.
    const html = readFileSync(file, 'utf8').replaceAll(/<%[\s\S]*?%>|<code[^>]*>[^<]*<\/code>/g, (code) =>
      code.replaceAll(/[^\n]/g, '\0'),
    )
    const tell = (text: string, index: number) => {
      if (!/[A-Za-z]{2}/.test(text.replaceAll(/\b(?:UTC|JSON|QR|HTML|admin)\b/g, ''))) return
      found.push(
        `${relative(root, file)}:${html.slice(0, index).split('\n').length}: ${text.replaceAll('\0', '').trim()}`,
      )
    }
    for (const match of html.matchAll(/>([^<>]*)</g)) tell(match[1]!, match.index)
    for (const match of html.matchAll(
      /\b(?:aria-label|placeholder|alt|title|data-label|data-confirm)="([^"]*)"/g,
    ))
      tell(match[1]!, match.index)
  }
  return found
}
