import { fileURLToPath } from 'node:url'
import { type Djet, openSite, page } from '../../core/index.ts'
import { file, folder } from '../../plugins/files/index.ts'
import {
  catalogue,
  category,
  customer,
  customers,
  order,
  orders,
  product,
} from '../../plugins/sales-order/index.ts'
import { addUser } from '../../plugins/users/index.ts'

/** Who looks at the lists. */
export const ADMINISTRATOR = { login: 'bench', password: 'a long walk through many trees' }

/** How many there are of what, at scale 1: a million nodes in all. */
export interface Amounts {
  /** Pages below one page. */
  readonly wide: number
  /** Pages in a tree of three levels, a hundred below each. */
  readonly deep: number
  readonly products: number
  readonly customers: number
  readonly orders: number
  readonly files: number
  readonly users: number
  readonly trashed: number
  readonly redirects: number
  readonly audited: number
  /** Versions of one page. */
  readonly versions: number
  /** Nodes that are moved, trashed, restored and copied at once. */
  readonly branch: number
}

/** @param scale 1 for a million nodes */
export function amountsOf(scale: number): Amounts {
  const of = (n: number): number => Math.max(100, Math.round(n * scale))
  return {
    wide: of(100_000),
    deep: of(350_000),
    products: of(250_000),
    customers: of(60_000),
    orders: of(100_000),
    files: of(80_000),
    users: of(10_000),
    trashed: of(2_000),
    redirects: of(100_000),
    audited: of(1_000_000),
    versions: of(5_000),
    branch: of(50_000),
  }
}

/** What the lists are asked about. */
export interface Tree {
  readonly nodes: number
  /** Ids by what stands there. */
  readonly ids: Readonly<Record<'wide' | 'branch' | 'edited' | 'image', number>>
}

/** Fills an empty database with the demo's pages and a great many below them. */
export async function plantTree(
  databaseUrl: string,
  amounts: Amounts,
  progress: (line: string) => void,
): Promise<Tree> {
  const app = await openSite(fileURLToPath(new URL('site', import.meta.url)), { databaseUrl })
  try {
    await app.prepare()
    const djet = app.scope()
    await addUser(djet, { ...ADMINISTRATOR, roles: ['admin'] })
    const top = (part: string, basetype: string): Promise<number> => topOf(djet, part, basetype)

    progress('pages')
    const wide = await top('wide', page.name)
    await below(
      djet,
      wide,
      page.name,
      amounts.wide,
      `jsonb_build_object('body', '<p>Text of page ' || n || '</p>')`,
    )
    const deep = await top('deep', page.name)
    const groups = Math.ceil(amounts.deep / 10_000)
    await below(djet, deep, page.name, groups, `'{}'`)
    for (let level = 0; level < 2; level++) await belowEach(djet, deep, level, page.name, 100)
    const branch = await top('branch', page.name)
    await below(djet, branch, page.name, Math.ceil(amounts.branch / 1000), `'{}'`)
    await belowEach(djet, branch, 0, page.name, 999)

    progress('products, customers, orders')
    const products = await top('products', catalogue.name)
    await below(
      djet,
      products,
      category.name,
      Math.ceil(amounts.products / 1000),
      `jsonb_build_object('number', n)`,
    )
    await belowEach(
      djet,
      products,
      0,
      product.name,
      999,
      `jsonb_build_object('number', top.id::bigint * 1000 + n, 'unit', n || ' boxes x 20 bags', 'price', n || '.50')`,
    )
    const buyers = await top('customers', customers.name)
    await below(
      djet,
      buyers,
      customer.name,
      amounts.customers,
      `jsonb_build_object('number', 'C' || n, 'city', 'City ' || n % 1000, 'country', 'Country ' || n % 30)`,
    )
    const sales = await top('orders', orders.name)
    await below(
      djet,
      sales,
      order.name,
      amounts.orders,
      `jsonb_build_object('number', n, 'customer', 'C' || (n % ${amounts.customers} + 1), 'placed', '2026-01-01',
        'state', (array['open', 'confirmed', 'shipped', 'cancelled'])[n % 4 + 1],
        'freight', '1.00', 'linesTotal', '10.00', 'total', '11.00')`,
      'n::text',
    )

    progress('files')
    const library = await top('library', folder.name)
    await djet.query(
      `insert into djet.file (name, type, size, sha256, kept)
       select 'photo-' || n || '.txt', 'text/plain', 0, encode(sha256(''), 'hex'), true from generate_series(1, $1) as n`,
      [amounts.files],
    )
    await djet.query(
      `insert into djet.node (parent_id, part, path, position, basetype, name, title, data)
       select $1, 'photo-' || n, '', n, $2, 'Photo ' || n, 'Photo ' || n, jsonb_build_object('file', f.id)
       from (select id, row_number() over () as n from djet.file) as f`,
      [library, file.name],
    )
    const image = await idOf(djet, '/library/photo-1')
    await djet.query(
      `update djet.node set data = data || jsonb_build_object('body', '<p><a href="/library/photo-1">It</a></p>')
       where parent_id = $1 and position <= 2000`,
      [wide],
    )

    progress('users')
    await plantUsers(djet, amounts.users)

    progress('trash, redirects, versions, audit')
    for (let n = 0; n < amounts.trashed; n++) await djet.nodes.trash(`/wide/n-${amounts.wide - n}`)
    await djet.query(
      `insert into djet.redirect (from_path, node_id) select '/old/page-' || n, $1 from generate_series(1, $2) as n`,
      [wide, amounts.redirects],
    )
    const edited = await idOf(djet, '/wide/n-1')
    await djet.query(
      `insert into djet.node_version (node_id, version, basetype, part, name, title, data, status, saved_by)
       select id, v, basetype, part, name, title, data, status, 'bench'
       from djet.node, generate_series(1, $2) as v where id = $1`,
      [edited, amounts.versions],
    )
    await djet.query('update djet.node set version = $2 where id = $1', [edited, amounts.versions + 1])
    await djet.query(
      `insert into djet.audit (at, login, door, action, node_id, node_path)
       select now() - n * interval '1 second', 'user-' || n % 100, (array['page', 'api', 'cli', 'job'])[n % 4 + 1],
         (array['node.update', 'node.insert', 'node.move', 'users.login'])[n % 4 + 1], $1, '/wide/n-1'
       from generate_series(1, $2) as n`,
      [edited, amounts.audited],
    )
    await djet.query('vacuum analyze')
    const [count] = await djet.query<{ n: number }>('select count(*) as n from djet.node')
    return { nodes: count?.n ?? 0, ids: { wide, branch, edited, image } }
  } finally {
    await app.stop()
  }
}

async function topOf(djet: Djet, part: string, basetype: string): Promise<number> {
  const there = await djet.nodes.get(`/${part}`)
  return (there ?? (await djet.nodes.insert('/', { basetype, part, name: part }))).id
}

async function idOf(djet: Djet, path: string): Promise<number> {
  const node = await djet.nodes.get(path)
  if (!node) throw new Error(`there is no ${path}`)
  return node.id
}

/** Children of one node; `data` and `part` are SQL, of their number `n`. */
async function below(
  djet: Djet,
  parent: number,
  basetype: string,
  many: number,
  data: string,
  part = `'n-' || n`,
): Promise<void> {
  await djet.query(
    `insert into djet.node (parent_id, part, path, position, basetype, name, title, data)
     select $1, ${part}, '', n, $2, 'Number ' || n, 'Number ' || n, ${data}
     from generate_series(1, $3::int) as n`,
    [parent, basetype, many],
  )
}

/** Children of each node that stands so many levels below another's children; `data` may speak of the parent, `top`. */
async function belowEach(
  djet: Djet,
  above: number,
  level: number,
  basetype: string,
  many: number,
  data = `'{}'::jsonb`,
): Promise<void> {
  const parents =
    level === 0 ? 'p.parent_id = $1' : 'p.parent_id in (select id from djet.node where parent_id = $1)'
  await djet.query(
    `insert into djet.node (parent_id, part, path, position, basetype, name, title, data)
     select top.id, 'n-' || n, '', n, $2, top.name || '.' || n, top.name || '.' || n, ${data}
     from (select p.id, p.name from djet.node as p where ${parents} order by p.id) as top,
       generate_series(1, $3::int) as n`,
    [above, basetype, many],
  )
}

async function plantUsers(djet: Djet, many: number): Promise<void> {
  const users = await idOf(djet, '/users')
  await djet.transaction(async (djet) => {
    await djet.query(
      `insert into djet.account (login, name, password_hash, roles)
       select 'user-' || n, 'User ' || n, '', case when n % 10 = 0 then array['staff'] else '{}' end
       from generate_series(1, $1) as n`,
      [many],
    )
    await djet.query(
      `insert into djet.node (parent_id, part, path, position, basetype, name, title, data)
       select $1, login, '', id, 'user', name, name,
         jsonb_build_object('login', login, 'email', login || '@example.com')
       from djet.account where login like 'user-%'`,
      [users],
    )
    await djet.query(
      `insert into users.profile (node_id, account_id)
       select n.id, a.id from djet.account as a join djet.node as n on n.parent_id = $1 and n.part = a.login
       where a.login like 'user-%'`,
      [users],
    )
  })
}
