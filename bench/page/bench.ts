import { join } from 'node:path'
import type { BenchOptions } from '../main.ts'
import { type Child, startChild } from '../shared/child.ts'
import { makeDatabase } from '../shared/database.ts'
import type { Report } from '../shared/report.ts'
import type { FixedParts } from './koa-eta-server.ts'
import { measure, type Server } from './measure.ts'
import { report } from './report.ts'
import { measureStaleness } from './staleness.ts'
import { plantTree } from './tree.ts'

const module = (name: string): URL => new URL(`${name}.ts`, import.meta.url)

/**
 * How fast a product page comes to a guest, from Djet's caches and without them, beside the limits: bare Koa, and
 * Koa with Eta and one query. How long after a change another process still shows the page as it was.
 */
export async function benchPages({ quick, progress }: BenchOptions): Promise<Report> {
  const database = await makeDatabase()
  const children: Child[] = []
  const child = (name: string, env: Record<string, string> = {}): Child => {
    const started = startChild(module(name), {
      BENCH_LOG: join(database.folder, `${name}-${children.length}.log`),
      ...env,
    })
    children.push(started)
    return started
  }
  try {
    process.env.BENCH_LOG = join(database.folder, 'tree.log')
    progress('planting a tree of 100,000 nodes')
    const tree = await plantTree(database.url)
    const path = tree.products[0]!

    const cached = await serving('cached', child('djet-server'), database.url)
    const uncached = await serving('uncached', child('djet-server', { BENCH_CACHE: 'off' }), database.url)
    const page = await textOf(cached.url + path)
    const bare = await serving('bare', child('bare-koa'), page)
    const koaEta = await serving('koaEta', child('koa-eta-server'), fixedPartsOf(database.url, page))
    const results = await measure({
      servers: [bare, koaEta, cached, uncached],
      load: child('load-process'),
      paths: tree.products,
      quick,
      progress,
    })
    await Promise.all([bare, koaEta, uncached].map((server) => server.child.stop()))

    progress('changing nodes in one process, reading them in another')
    const second = await serving('second', child('djet-server'), database.url)
    const staleness = await measureStaleness({
      writer: second,
      reader: cached,
      paths: tree.products.slice(0, quick ? 20 : 50),
    })
    return report({ nodes: tree.nodes, results, staleness, quick })
  } finally {
    await Promise.all(children.map((one) => one.stop()))
    await database.remove()
  }
}

async function serving(name: Server['name'], child: Child, argument: unknown): Promise<Server> {
  return { name, child, url: await child.call<string>('serve', argument) }
}

async function textOf(url: string): Promise<string> {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`)
  return response.text()
}

/** What is the same on every page, read off one of Djet's, so that both make the same page. */
function fixedPartsOf(databaseUrl: string, page: string): FixedParts {
  const find = (pattern: RegExp): string => pattern.exec(page)?.[1] ?? ''
  const menu = page.slice(page.indexOf('<nav'), page.indexOf('</nav>'))
  return {
    databaseUrl,
    site: {
      title: find(/class="site-title"[^>]*>([^<]*)/),
      icon: find(/rel="icon" href="([^"]*)"/),
      style: find(/rel="stylesheet" href="([^"]*)"/),
      script: find(/<script src="([^"]*)"/),
      menu: [...menu.matchAll(/<a href="([^"]*)"[^>]*>([^<]*)/g)].map(([, url = '', title = '']) => ({
        url,
        title,
      })),
    },
  }
}
