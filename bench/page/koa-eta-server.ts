import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { Eta } from 'eta'
import Koa from 'koa'
import pg from 'pg'
import { formatAmount, formatNumber } from '../../core/index.ts'
import { answerCalls } from '../shared/child.ts'
import { listenLocally } from './listen-locally.ts'

/** What this server is told and Djet finds out: what stands on every page. */
export interface FixedParts {
  readonly databaseUrl: string
  readonly site: {
    readonly title: string
    readonly icon: string
    readonly style: string
    readonly script: string
    readonly menu: readonly { readonly url: string; readonly title: string }[]
  }
}

interface Row {
  path: string
  name: string
  title: string
  data: Record<string, unknown>
}

// What one would write by hand for this page and nothing else: Koa, Eta, and one prepared query for the branch.
const eta = new Eta({ varName: 'it', autoEscape: true, useWith: false, cache: true, autoTrim: [false, 'nl'] })
eta.resolvePath = (name) =>
  fileURLToPath(
    new URL(name === 'terms.eta' ? 'site/templates/terms.eta' : `koa-eta/${name}`, import.meta.url),
  )
eta.readFile = (path) => readFileSync(path, 'utf8')

const COLUMNS =
  'id, parent_id, part, path, position, basetype, name, title, data, acl, created, modified, created_by, modified_by, version'

function serve({ databaseUrl, site }: FixedParts): Promise<string> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 12 })
  const koa = new Koa()
  koa.use(async (ctx) => {
    const prefixes = prefixesOf(ctx.path)
    const { rows } = await pool.query<Row>({
      name: `branch-${prefixes.length}`,
      text: `select ${COLUMNS} from djet.node where path in (${prefixes.map((_, i) => `$${i + 1}`)})`,
      values: prefixes,
    })
    const breadcrumbs = rows.sort((a, b) => a.path.length - b.path.length)
    const node = breadcrumbs.at(-1)
    if (node?.path !== ctx.path) return
    const category = breadcrumbs.at(-2)
    ctx.type = 'html'
    ctx.body = eta.render('product.eta', {
      site,
      path: ctx.path,
      node,
      category,
      breadcrumbs,
      formatAmount,
      formatNumber,
    })
  })
  server.on('request', koa.callback())
  return listenLocally(server)
}

function prefixesOf(path: string): string[] {
  const prefixes = ['/']
  for (let end = path.indexOf('/', 1); end > 0; end = path.indexOf('/', end + 1))
    prefixes.push(path.slice(0, end))
  prefixes.push(path)
  return prefixes
}

const server = createServer()
answerCalls({ serve }, () => server.closeAllConnections())
