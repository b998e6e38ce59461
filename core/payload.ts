import type { Basetype } from './basetype.ts'
import type { DjetApp } from './djet.ts'
import { editField, viewField } from './edit/show-field.ts'
import type { Fields } from './field/field.ts'
import { fieldTitle, problemTitle } from './field/index.ts'
import type { Formats } from './i18n/formats.ts'
import type { LanguageChoice } from './i18n/languages.ts'
import type { Texts } from './i18n/texts.ts'
import { Lazy } from './lazy.ts'
import type { Permission, User } from './node/access.ts'
import { typesBelow } from './node/max.ts'
import type { Node, Page } from './node/node.ts'
import type { Branch } from './node/nodes.ts'
import type { Reads } from './node/reads.ts'
import type { Djet } from './scope.ts'
import type { Flash } from './session.ts'
import { drawPage } from './site-type/draw.ts'

/** One entry of a menu or of the breadcrumbs. */
export interface MenuItem {
  readonly title: string
  readonly url: string
  /** Whether the page shown is at or below it. */
  readonly here: boolean
}

/** A language of the site with the address that changes to it. */
export interface LanguageLink extends LanguageChoice {
  readonly url: string
}

/** A form's texts and messages, by field. */
export interface FormState {
  readonly values: Readonly<Record<string, unknown>>
  readonly errors: Readonly<Record<string, string>>
}

/** What a template sees as `it`. Engines and plugins add values of their own. */
export interface Payload extends Formats {
  readonly site: Readonly<Record<string, unknown>> & { readonly title: string }
  readonly node: Node
  readonly basetype: Basetype
  /** The node first, the root last. */
  readonly branch: Branch
  readonly restPath: string
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  /** Where one logs in. */
  readonly loginUrl: string
  readonly user: User | null
  readonly breadcrumbs: readonly MenuItem[]
  readonly menu: PromiseLike<readonly MenuItem[]>
  /** Children of the node that the visitor may see: the page `?after=` asks for. */
  readonly children: PromiseLike<Page<Node>>
  /** The same without types that stand in no menu (`menu: false`). */
  readonly listed: PromiseLike<Page<Node>>
  /** Basetypes a child of this node may have, for those who may edit; without those a site has all of already. */
  readonly allowedChildren: PromiseLike<readonly Basetype[]>
  /** The body of the page by the Liquid template of its type; null when there is none, or when it failed. */
  readonly drawn: PromiseLike<string | null>
  /** Why that template failed, once it has. */
  drawProblem?: string
  /** Messages left by the request before. */
  flash: readonly Flash[]
  form: FormState
  /** What the fields of an edit form belong to: the node itself, or one that is to be made below it. */
  editing: {
    readonly basetype: Basetype
    readonly data: Readonly<Record<string, unknown>>
    /** The node is there: fields that are not updatable are shown, not asked for. */
    readonly changes?: boolean
  }
  /** Hidden input that a form with method post must hold, as its first element. */
  csrf(): string
  csrfToken(): string
  /** URL of a static file of a plugin, of `core` or of `site`. */
  asset(plugin: string, file: string): string
  /** URL of a place below the node. */
  url(restPath?: string): string
  /** URL of any node's page, with what a URL cannot hold encoded: `href="<%= it.urlOf(child) %>"`. */
  urlOf(node: Pick<Node, 'path'>): string
  can(permission: Permission): boolean
  viewField(name: string): Promise<string>
  editField(name: string): Promise<string>
  fieldTitle: typeof fieldTitle
  /** What a message of a form belongs to: `Lines, row 2, Price`. */
  problemTitle(fields: Fields, key: string): string
  /** Bytes that a form in which a node is edited may have. */
  readonly formLimit: number
  /** A text of the interface in the visitor's language: `it.t('{{count}} pages', { count })`. */
  t: Texts['t']
  /** The same with markup of its own, values escaped: `<%~ it.tHtml('In <strong>bold</strong>.') %>`. */
  tHtml: Texts['tHtml']
  /** A message put together in English, such as that of an error, in the visitor's language. */
  message: Texts['message']
  language: string
  /** Languages to choose from; none where the site has only one. */
  languages: readonly LanguageLink[]
  [value: string]: unknown
}

export interface PayloadOptions {
  djet: Djet
  node: Node
  branch: Branch
  restPath: string
  path: string
  query: Readonly<Record<string, string>>
  csrfToken(): string
  /** Path and query of the page to come back to when the language is changed; `path` when absent. */
  here?: string
  reads?: Reads | undefined
}

/** URL of a place below a node. */
export function urlBelow(node: Pick<Node, 'path'>, restPath = '/'): string {
  const base = encodePath(node.path)
  if (restPath === '/' || restPath === '') return base
  return `${base === '/' ? '' : base}${restPath.startsWith('/') ? '' : '/'}${restPath}`
}

/** URL of a node's page. */
export function urlOf(node: Pick<Node, 'path'>): string {
  return encodePath(node.path)
}

/** A path as it stands in a URL. */
export function encodePath(path: string): string {
  return /^[\w/.~-]*$/.test(path) ? path : encodeURI(path).replace(/[?#]/g, encodeURIComponent)
}

/** Makes what templates see of one request. */
export type PayloadMaker = (options: PayloadOptions) => Payload

const NO_FLASH: readonly Flash[] = Object.freeze([])

const NO_LINKS: readonly LanguageLink[] = Object.freeze([])

const NO_FORM: FormState = Object.freeze({ values: Object.freeze({}), errors: Object.freeze({}) })

/**
 * Prepares what the payloads of all requests of a site share, so that a request adds only what is its own. A payload
 * is one literal with a place for all that is commonly added, because V8 copies such objects (`{ ...it, body }`) fast
 * only while copies get no properties that the original has not.
 */
export function payloadMaker(app: DjetApp): PayloadMaker {
  const { site, login } = app.config
  const asset = (plugin: string, file: string): string => app.assetUrl(plugin, file)
  const added = app.plugins.flatMap((plugin) => Object.entries(plugin.payload ?? {}))
  const { choices } = app.languages
  const formLimit = Math.max(app.config.limits.form, app.config.limits.body)
  return ({ djet, node, branch, restPath, path, query, csrfToken, here = path, reads }) => {
    const { texts } = djet
    const basetype = app.basetypes.get(node.basetype)!
    const may = (permission: Permission, at: Branch): boolean => djet.may(permission, at)
    const payload: Payload = {
      site,
      node,
      basetype,
      branch,
      restPath,
      path,
      query,
      loginUrl: login,
      user: djet.user,
      breadcrumbs: breadcrumbsOf(branch, restPath, may),
      menu: new Lazy(() => menuOf(djet, branch.at(-1)!, path, reads)),
      children: new Lazy(() => djet.nodes.children(branch, listOptions(query))),
      listed: new Lazy(() =>
        djet.nodes.children(branch, { ...listOptions(query), basetype: listedTypes(app.basetypes) }),
      ),
      allowedChildren: new Lazy(() => (may('edit', branch) ? typesBelow(djet, basetype) : [])),
      drawn: new Lazy(() => drawPage(djet, payload)),
      flash: NO_FLASH,
      form: NO_FORM,
      editing: { basetype, data: node.data },
      csrf: () => `<input type="hidden" name="_csrf" value="${csrfToken()}">`,
      csrfToken,
      asset,
      url: (restPath?: string) => urlBelow(node, restPath),
      urlOf,
      can: (permission: Permission) => may(permission, branch),
      viewField: (name: string) => viewField(djet, payload, name),
      editField: (name: string) => editField(djet, payload, name),
      fieldTitle: (name, field) => texts.t(fieldTitle(name, field)),
      problemTitle: (fields, key) => problemTitle(fields, key, (text) => texts.t(text)),
      formLimit,
      timeZone: texts.timeZone,
      clock: texts.clock,
      formatDate: texts.formatDate,
      formatDateTime: texts.formatDateTime,
      formatAmount: texts.formatAmount,
      formatNumber: texts.formatNumber,
      formatBytes: texts.formatBytes,
      t: texts.t,
      tHtml: texts.tHtml,
      message: texts.message,
      language: texts.language,
      languages: choices.length > 1 ? languageLinks(choices, here) : NO_LINKS,
      title: undefined,
      styles: undefined,
      scripts: undefined,
      body: undefined,
      __blocks: undefined,
    }
    for (const [key, compute] of added) payload[key] = new Lazy(() => compute(djet))
    return payload
  }
}

function languageLinks(choices: readonly LanguageChoice[], here: string): LanguageLink[] {
  const back = encodeURIComponent(here)
  return choices.map(({ code, name }) => ({ code, name, url: `/-/language?to=${code}&return=${back}` }))
}

/** The steps the visitor may see: an open page may stand below a closed one. */
function breadcrumbsOf(
  branch: Branch,
  restPath: string,
  may: (permission: Permission, at: Branch) => boolean,
): MenuItem[] {
  const steps: MenuItem[] = []
  for (let i = branch.length - 1; i >= 0; i--) {
    if (i > 0 && !may('view', branch.slice(i))) continue
    const step = branch[i]!
    steps.push({ title: step.name, url: encodePath(step.path), here: i === 0 && restPath === '/' })
  }
  return steps
}

/** Paging of a list as the URL asks for it. */
export function listOptions(query: Readonly<Record<string, string>>): { limit?: number; after?: string } {
  return {
    ...(query.limit === undefined ? {} : { limit: Number(query.limit) }),
    ...(query.after === undefined || query.after === '' ? {} : { after: query.after }),
  }
}

/** Names of the basetypes whose nodes stand in menus and lists. */
export function listedTypes(basetypes: ReadonlyMap<string, Basetype>): string[] {
  return [...basetypes.values()].filter(({ menu }) => menu !== false).map(({ name }) => name)
}

/** The children of the root that this visitor may see. */
async function menuOf(djet: Djet, root: Node, path: string, reads: Reads | undefined): Promise<MenuItem[]> {
  const items = await djet.app.menu(djet, root, reads)
  const at = encodePath(path)
  return items.map(({ title, url }) => ({ title, url, here: at === url || at.startsWith(`${url}/`) }))
}
