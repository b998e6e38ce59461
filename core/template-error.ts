import { isAbsolute, relative } from 'node:path'
import { Script } from 'node:vm'
import type { Eta } from 'eta'
import { DjetError, messageOf } from './error.ts'

export interface TemplateErrorOptions {
  /** Folder of the site: what is in it is named by its path there. */
  dir: string
  /** Whether visitors may read what is wrong: while developing. */
  expose: boolean
}

/**
 * Makes what goes wrong in templates a DjetError `TEMPLATE_BROKEN` that says which file, which line and what, once: an
 * error of an included template is told of that alone. Errors that Djet throws on purpose pass as they are.
 *
 * @param eta with `debug`, by which compiled templates know at which line they are
 */
export function tellTemplateErrors(eta: Eta, options: TemplateErrorOptions): void {
  const body = eta.compileBody.bind(eta)
  // Without the semicolon, code of a template that begins with a bracket would go on with the number.
  eta.compileBody = (tags) => body(tags).replace(/^__eta\.line=\d+$/gm, '$&;')
  const compile = eta.compile.bind(eta)
  eta.compile = (text, given) => {
    try {
      return compile(text, given)
    } catch (error) {
      const { line, message } = syntaxProblem(eta, text, error)
      throw broken(options, given?.filepath ?? '', line, message, error)
    }
  }
  eta.RuntimeErr = (error, text, line, path) => {
    if ((error as unknown) instanceof DjetError) throw error
    const compiled = eta.compileToString(text, { async: true })
    throw broken(options, path, lineOf(text, line, codeAt(compiled, error)), messageOf(error), error)
  }
}

function broken(
  { dir, expose }: TemplateErrorOptions,
  path: string,
  line: number | undefined,
  what: string,
  cause: unknown,
): DjetError {
  const inside = relative(dir, path)
  const file = inside.startsWith('..') || isAbsolute(inside) ? path : inside
  const where = line === undefined ? '' : ` in line ${line}`
  const error = new DjetError('TEMPLATE_BROKEN', `the template ${file} fails${where}: ${what}.`, { expose })
  // As the cause, whose text would be told once more, but with the places that it came from.
  const frames =
    cause instanceof Error ? (cause.stack ?? '').split('\n').filter((each) => /^ +at /.test(each)) : []
  error.stack = [`${error.name}: ${error.message}`, ...frames].join('\n')
  return error
}

/** Lines that V8 puts before the code of a function. */
const BEFORE = 2

/** The line of the compiled template where an error was thrown. */
function codeAt(compiled: string, error: unknown): string | undefined {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const [, line] = /eval at .*<anonymous>:(\d+):\d+/.exec(stack) ?? []
  return line === undefined ? undefined : compiled.split('\n')[Number(line) - 1 - BEFORE]
}

/**
 * The line of a template that a line of its code was made of: of a tag of several lines the one that has the same code.
 *
 * @param tag line in which the tag begins
 */
function lineOf(text: string, tag: number, code: string | undefined): number {
  const wanted = code?.trim()
  if (!wanted) return tag
  const below = text.split('\n').slice(tag - 1)
  const found = below.findIndex((each) => each.includes(wanted))
  return found === -1 ? tag : tag + found
}

/** What is wrong with a template that cannot be compiled. */
function syntaxProblem(
  eta: Eta,
  text: string,
  error: unknown,
): { line: number | undefined; message: string } {
  const told = messageOf(error)
  // `unclosed tag at line 3 col 5:`, then the line itself.
  const [, problem, line] = /^(.*) at line (\d+) col \d+:/.exec(told) ?? []
  if (problem !== undefined) return { line: Number(line), message: problem }
  const brace = oddBrace(eta, text)
  if (brace !== undefined) return brace
  const compiled = eta.compileToString(text, { async: true })
  try {
    new Script(`(async function (it, options) {${compiled}\n})`, { filename: 'template' })
  } catch (found) {
    const at = Number(/^template:(\d+)/.exec((found as Error).stack ?? '')?.[1])
    const before = compiled.split('\n').slice(0, at)
    const tag = before.findLast((each) => /^__eta\.line=\d+;$/.test(each))?.match(/\d+/)?.[0]
    const place = tag === undefined ? undefined : lineOf(text, Number(tag), before.at(-1))
    return { line: place, message: messageOf(found) }
  }
  return { line: undefined, message: told.split('\n')[0] ?? '' }
}

/** A brace without its counterpart, which the compiler finds only behind the end of the template. */
function oddBrace(eta: Eta, text: string): { line: number | undefined; message: string } | undefined {
  const open: (number | undefined)[] = []
  for (const tag of eta.parse(text)) {
    if (typeof tag === 'string') continue
    const line = (tag as { lineNo?: number }).lineNo
    for (const brace of tag.val.match(/[{}]/g) ?? []) {
      if (brace === '{') open.push(line)
      else if (open.length > 0) open.pop()
      else return { line, message: "there is no '{' for this '}'" }
    }
  }
  return open.length === 0 ? undefined : { line: open.at(-1), message: "the '{' is not closed" }
}
