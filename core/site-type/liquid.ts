import { Context, type Emitter, Liquid, type TagToken, type Template } from 'liquidjs'
import { LRUCache } from 'lru-cache'
import sanitizeHtml from 'sanitize-html'
import { DjetError, messageOf } from '../error.ts'

/** Milliseconds one page may take. */
const LONGEST_RENDER = 500
/** Characters and objects one page may make, roughly bytes. */
const MOST_MEMORY = 4_000_000
/** Characters of a template. */
const LONGEST_TEMPLATE = 60_000

/** What the tags of a template ask for: the HTML of a field, and of the list of children. */
export interface Drawing {
  field(name: string): Promise<string>
  children(how: string, fields: readonly string[]): Promise<string>
  /** An amount of money as the visitor's language writes it. */
  amount(value: string): string
}

/** Not a name, so that no template can reach it. */
const DRAWING = Symbol('drawing')

/** How children can be listed. */
const LISTS = ['cards', 'list', 'table']

/** Tags that would look for other templates. */
const FOREIGN = ['include', 'render', 'layout', 'block']

/** What a page's body may hold. Scripts, forms and styles are taken out, and what was left open is closed. */
const ALLOWED: sanitizeHtml.IOptions = {
  allowedTags: [
    ...sanitizeHtml.defaults.allowedTags.filter((tag) => tag !== 'main' && tag !== 'h1'),
    ...[
      'img',
      'picture',
      'source',
      'figure',
      'figcaption',
      'del',
      'ins',
      'details',
      'summary',
      'time',
      'meter',
      'progress',
    ],
  ],
  allowedAttributes: {
    '*': ['class', 'lang', 'dir', 'title', 'role', 'aria-*', 'data-*', 'tabindex'],
    a: ['href', 'rel'],
    img: ['src', 'srcset', 'sizes', 'alt', 'width', 'height', 'loading', 'decoding'],
    source: ['srcset', 'sizes', 'media', 'type', 'width', 'height'],
    ol: ['start', 'type'],
    th: ['colspan', 'rowspan', 'scope'],
    td: ['colspan', 'rowspan'],
    time: ['datetime'],
    meter: ['value', 'min', 'max', 'low', 'high', 'optimum'],
    progress: ['value', 'max'],
    details: ['open'],
  },
  allowedSchemes: ['http', 'https', 'mailto', 'tel'],
  allowProtocolRelative: false,
  // the page has its h1 already
  transformTags: { h1: 'h2' },
}

/** Looks at the time also where a filter goes through a list: Liquid itself looks between the parts of a template. */
class TimedContext extends Context {
  override spawn(scope?: object): Context {
    this.renderLimit.check(performance.now())
    return super.spawn(scope)
  }

  override push(scope: object): number {
    this.renderLimit.check(performance.now())
    return super.push(scope)
  }

  override _getFromScope(...asked: Parameters<Context['_getFromScope']>): IterableIterator<unknown> {
    this.renderLimit.check(performance.now())
    return super._getFromScope(...asked)
  }
}

/**
 * Draws pages from Liquid templates that were written in a browser. A template sees the values it is given and
 * nothing else: no files, no other templates, no functions; it is stopped when it takes too long, and what it draws
 * is cleaned like any text from outside.
 */
export class LiquidPages {
  readonly #engine: Liquid
  readonly #parsed = new LRUCache<string, Template[]>({ max: 200 })

  constructor() {
    this.#engine = new Liquid({
      templates: {},
      dynamicPartials: false,
      ownPropertyOnly: true,
      strictFilters: true,
      outputEscape: 'escape',
      timezoneOffset: 0,
      dateFormat: '%Y-%m-%d',
      parseLimit: LONGEST_TEMPLATE,
      renderLimit: LONGEST_RENDER,
      memoryLimit: MOST_MEMORY,
    })
    for (const name of FOREIGN) delete this.#engine.tags[name]
    this.#engine.registerFilter('amount', function (value: unknown) {
      return drawingOf(this.context).amount(String(value ?? ''))
    })
    this.#engine.registerTag('field', {
      parse(token: TagToken) {
        this.name = token.args.trim().replace(/^(['"])(.*)\1$/, '$2')
        if (!/^\w+$/.test(this.name)) throw new Error('field must name a field: {% field price %}')
      },
      async render(context: Context, emitter: Emitter) {
        emitter.write(await drawingOf(context).field(this.name))
      },
    })
    this.#engine.registerTag('children', {
      parse(token: TagToken) {
        const [how = 'cards', ...fields] = token.args.split(/[\s,]+/).filter(Boolean)
        if (!LISTS.includes(how))
          throw new Error(`children are shown as ${LISTS.join(', ')}: {% children table price %}`)
        this.how = how
        this.fields = fields
      },
      async render(context: Context, emitter: Emitter) {
        emitter.write(await drawingOf(context).children(this.how, this.fields))
      },
    })
  }

  /** @throws {DjetError} TEMPLATE_BROKEN, 422, with the line */
  check(text: string): void {
    this.#parse(text)
  }

  /**
   * The body of a page.
   * @param strict what a template asks for and is not there is an error: for trying it out
   * @throws {DjetError} TEMPLATE_BROKEN, 422, with the line
   */
  async render(text: string, values: object, drawing: Drawing, strict = false): Promise<string> {
    const template = this.#parse(text)
    try {
      const scope = { ...values, [DRAWING]: drawing }
      const liquid = this.#engine
      const context = new TimedContext(scope, liquid.options, { strictVariables: strict }, { liquid })
      const html: unknown = await liquid.render(template, context)
      return sanitizeHtml(String(html), ALLOWED)
    } catch (error) {
      throw broken(error)
    }
  }

  #parse(text: string): Template[] {
    const known = this.#parsed.get(text)
    if (known) return known
    try {
      const template = this.#engine.parse(text)
      this.#parsed.set(text, template)
      return template
    } catch (error) {
      throw broken(error)
    }
  }
}

function drawingOf(context: Context): Drawing {
  return (context.environments as { [DRAWING]: Drawing })[DRAWING]
}

/** Liquid says the line behind the message: `undefined variable: node.titel, line:3, col:4`. */
function broken(error: unknown): DjetError {
  const text = messageOf(error)
  const [, line] = /, line:(\d+)/.exec(text) ?? []
  const what = text.replace(/, line:\d+.*$/s, '').replace(/\n.*$/s, '')
  return new DjetError('TEMPLATE_BROKEN', `${line === undefined ? '' : `line ${line}: `}${what}`, {
    status: 422,
    cause: error,
  })
}
