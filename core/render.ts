import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Eta } from 'eta'
import { DjetError } from './error.ts'
import type { Registry } from './registry.ts'
import { tellTemplateErrors } from './template-error.ts'

/** Djet's own folder, where its generic templates and static files are. */
export const DJET_FOLDER = fileURLToPath(new URL('..', import.meta.url))

export interface RendererOptions {
  /** Folder of the site. */
  dir: string
  registry: Registry
  /** False while developing: templates are read anew each time. */
  cache: boolean
}

/**
 * Templates by name: `layout.eta`, `field/str.edit.eta`, `jobmachine/task.eta`. The site's `templates/` is looked
 * into first, then the `templates/` of the plugin named by the first segment, then Djet's own.
 */
export class Renderer {
  readonly #eta: Eta
  readonly #folders: (name: string) => string[]
  readonly #found = new Map<string, string>()
  readonly #cache: boolean

  constructor({ dir, registry, cache }: RendererOptions) {
    this.#cache = cache
    const plugins = new Map(registry.plugins.map((plugin) => [plugin.name, plugin.folder]))
    this.#folders = (name) => {
      const [first = '', ...rest] = name.split('/')
      const folder = plugins.get(first)
      const own = join(DJET_FOLDER, 'templates', name)
      const site = resolve(dir, 'templates', name)
      return folder && rest.length > 0
        ? [site, fileURLToPath(new URL(`templates/${rest.join('/')}`, folder))]
        : [site, own]
    }
    // With `debug` a compiled template notes at which line it is; that costs nothing that could be measured.
    const options = { varName: 'it', autoEscape: true, useWith: false, cache, debug: true }
    this.#eta = new Eta({ ...options, autoTrim: [false, 'nl'] })
    tellTemplateErrors(this.#eta, { dir: resolve(dir), expose: !cache })
    this.#eta.resolvePath = (name) => this.#pathOf(name)
    this.#eta.readFile = (path) => readFileSync(path, 'utf8')
  }

  /** Whether there is such a template. */
  has(name: string): boolean {
    return this.#look(name) !== undefined
  }

  /**
   * Renders a template.
   * @throws {DjetError} TEMPLATE_MISSING; TEMPLATE_BROKEN with file and line, which visitors read while developing
   */
  async render(name: string, values: object): Promise<string> {
    return await this.#eta.renderAsync(name, values)
  }

  /** @throws {DjetError} TEMPLATE_MISSING, which says who names it */
  check(name: string, who: string): void {
    if (this.#look(name) === undefined) throw this.#missing(name, `${who} names template`)
  }

  #look(name: string): string | undefined {
    const known = this.#found.get(name)
    if (known !== undefined) return known
    const path = name.split('/').includes('..')
      ? undefined
      : this.#folders(name).find((file) => existsSync(file))
    if (path !== undefined && this.#cache) this.#found.set(name, path)
    return path
  }

  #pathOf(given: string): string {
    const name = given.replace(/^\//, '')
    const path = this.#look(name)
    if (path !== undefined) return path
    throw this.#missing(name, 'there is no template')
  }

  #missing(name: string, what: string): DjetError {
    const places = this.#folders(name).join(' nor ')
    return new DjetError('TEMPLATE_MISSING', `${what} ${name}: there is neither ${places}.`)
  }
}
