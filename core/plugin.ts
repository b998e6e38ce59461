import type { ApiPart } from './api/operation.ts'
import type { Basetype } from './basetype.ts'
import type { DjetApp } from './djet.ts'
import type { Engine } from './engine.ts'
import type { StoredFile } from './file/files.ts'
import type { Node, Page } from './node/node.ts'
import type { Registry } from './registry.ts'
import type { Djet } from './scope.ts'

/**
 * What plugins give to other plugins' extension points, typed by augmentation:
 *
 * @example
 * declare module '../../core/index.ts' {   // outside this repository: 'djet'
 *   interface Contributions { jobs?: readonly JobDefinition[] }
 * }
 */
// biome-ignore lint/suspicious/noEmptyInterface: filled by the plugins that declare extension points
export interface Contributions {}

/** A command of the `djet` program that a plugin brings. */
export interface Command {
  /** One line for `djet --help`. */
  readonly summary: string
  /** How it is called, e.g. `send <class> <json>`. */
  readonly usage: string
  run(context: CommandContext): Promise<void>
}

export interface CommandContext {
  /** The words behind the command's name. */
  readonly args: readonly string[]
  /** Absolute folder of the site. */
  readonly dir: string
  /** Opens the site (database reached, migrations checked) for this command; closed when it ends. */
  open(): Promise<DjetApp>
  /** Writes one line for the person at the terminal. */
  print(line: string): void
  /** Aborts at SIGINT or SIGTERM. */
  readonly signal: AbortSignal
}

/** An image that may be put into a text. */
export interface FoundImage {
  /** What stands in the `src` of the text: a path of this site. */
  readonly url: string
  readonly title: string
  readonly alt?: string
  /** A small one to show in the list; `url` when absent. */
  readonly thumbnail?: string
  readonly width?: number
  readonly height?: number
}

/** Ends what a plugin's `start` began; waited for at shutdown. */
export type Stop = () => Promise<void>

/** One feature of a site: data that says what it brings. Its folder can be deleted whole. */
export interface Plugin extends Contributions {
  /** Unique name, e.g. `sales-order`; also the name space of its templates and static files. */
  readonly name: string
  readonly version?: string
  /** Names of the plugins that must be there and are loaded before it. */
  readonly requires?: readonly string[]
  /** Its folder, `new URL('.', import.meta.url)`: `templates/`, `public/` and `migrations/` are found there. */
  readonly folder?: URL
  readonly basetypes?: readonly Basetype[]
  /** Engines by name, `<plugin>.<name>`. */
  readonly engines?: Readonly<Record<string, Engine>>
  /** Extension points it declares: keys that other plugins may then contribute. */
  readonly extensionPoints?: readonly (keyof Contributions)[]
  /** Makes the nodes it cannot do without, once, when the site is first set up. */
  readonly seed?: (djet: Djet) => Promise<void>
  /**
   * Looks at what the plugins of a site bring together, before anything is opened.
   * @throws {DjetError} what is wrong with it
   */
  readonly check?: (registry: Registry) => void
  /** Begins what runs as long as the site is served; what it returns ends it. */
  readonly start?: (app: DjetApp) => Promise<Stop>
  /**
   * Which of these files the plugin holds elsewhere than in file fields and in columns that refer to `djet.file`: they
   * are not removed when the node that had them lets go of them.
   */
  readonly heldFiles?: (djet: Djet, ids: readonly string[]) => Promise<readonly string[]>
  /**
   * Looks at each file that someone uploads, whatever it is for, before anything refers to it.
   * @throws {DjetError} below 500, with a message for whoever sent it; the file is not kept then
   */
  readonly checkFile?: (djet: Djet, file: StoredFile) => Promise<void>
  /**
   * What to say to whoever is about to put a node into the trash with all below it, or to delete it: that it is in use.
   * Whole sentences in the reader's language; none when all is well.
   */
  readonly trashWarnings?: (djet: Djet, node: Node) => Promise<readonly string[]>
  /**
   * What stands in the way of it: what a trigger of the plugin would refuse, said before it is tried, in the same form. It
   * is asked at each look at what may be done with a node, so it takes one look into an index.
   */
  readonly trashObstacles?: (djet: Djet, node: Node) => Promise<readonly string[]>
  /** Roles that it asks for elsewhere than in the rules of its types: they are known to whoever gives users their roles. */
  readonly roles?: (app: DjetApp) => readonly string[]
  /** Finds pages by text for the pickers of forms, only those that the scope's user may see; a page of a list by key. */
  readonly findNodes?: (
    djet: Djet,
    query: string,
    options: { readonly limit: number; readonly after?: string | undefined },
  ) => Promise<Page<Node>>
  /** Finds images for the rich-text editor, only those that the scope's user may see. */
  readonly findImages?: (djet: Djet, query: string, limit: number) => Promise<readonly FoundImage[]>
  /** Values every template may ask for, computed when it does: `it.<key>`. */
  readonly payload?: Readonly<Record<string, (djet: Djet) => unknown>>
  /** What it adds to the API of the site. */
  readonly api?: ApiPart
  readonly commands?: Readonly<Record<string, Command>>
}

/**
 * Declares a plugin as a function of its options, so that a site writes `plugins: [salesOrder({ … })]`.
 *
 * @example
 * export const hello = definePlugin(() => ({
 *   name: 'hello', folder: new URL('.', import.meta.url), basetypes: [greeting],
 * }))
 */
export function definePlugin<O extends object = object>(
  make: (options: O) => Plugin,
): (options?: O) => Plugin {
  return (options) => Object.freeze(make(options ?? ({} as O)))
}
