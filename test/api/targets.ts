import { createToken, type Djet, findAccount } from '../../core/index.ts'
import { createType } from '../../plugins/admin/model/types/change.ts'
import { addFile } from '../../plugins/files/index.ts'
import { enableSchedule, insertSchedule, send } from '../../plugins/jobmachine/index.ts'
import { echo } from '../../plugins/jobmachine/jobs.ts'
import { addUser } from '../../plugins/users/index.ts'
import type { ApiSite } from './api-site.ts'
import type { Target } from './matrix.ts'

type Made = Omit<Target, 'other'>

/** A draft of the page; its version. */
export async function draft({ site }: ApiSite, { id }: Made): Promise<string> {
  return (await site.djet.nodes.saveDraft(id, { title: 'Draft' })).id
}

export async function unpublished({ site }: ApiSite, { id }: Made): Promise<number> {
  await site.djet.nodes.unpublish(id)
  return id
}

/** Puts the page into the trash; its number there. */
export async function trashed({ site }: ApiSite, { id }: Made): Promise<number> {
  return (await site.djet.nodes.trash(id)).id
}

export async function redirect({ site }: ApiSite, { id, parentPath }: Made): Promise<number> {
  return (await site.djet.nodes.addRedirect({ from: `${parentPath}/old-${id}`, to: id })).id
}

/** A new user; his login. */
export async function user({ site }: ApiSite, { id }: Made): Promise<string> {
  const login = `user-${id}`
  // Invited: a password would take its time.
  await addUser(site.djet, { login, email: `${login}@example.com` })
  return login
}

/** A node of a new user; its id. */
export async function userNode(it: ApiSite, made: Made): Promise<number> {
  return (await it.site.djet.nodes.require(`/users/${await user(it, made)}`)).id
}

/** A user who is disabled; his login. */
export async function disabled(it: ApiSite, made: Made): Promise<string> {
  const login = await user(it, made)
  await it.site.djet.query('update djet.account set enabled = false where login = $1', [login])
  return login
}

/** A user with a token; his login and its number. */
export async function userWithToken(it: ApiSite, made: Made): Promise<string> {
  const login = await user(it, made)
  const account = await findAccount(it.site.djet, login)
  const { id } = await createToken(it.site.djet, { accountId: account!.id, name: 'x', scopes: [] })
  return `${login} ${id}`
}

/** A user with a token; the id of his page and its number. */
export async function nodeWithToken(it: ApiSite, made: Made): Promise<string> {
  const [login, token] = (await userWithToken(it, made)).split(' ')
  return `${(await it.site.djet.nodes.require(`/users/${login}`)).id} ${token}`
}

/** A user who is logged in; the id of his page and the number of the session. */
export async function withSession(it: ApiSite, made: Made): Promise<string> {
  const node = await userNode(it, made)
  const [row] = await it.site.djet.query<{ id: number }>(
    `insert into djet.session (token_hash, account_id, expires)
     select sha256(convert_to($1::int::text, 'UTF8')), account_id, now() + interval '1 day' from users.profile where node_id = $1
     returning id`,
    [node],
  )
  return `${node} ${row!.id}`
}

/** A user with a second factor; the id of his page. */
export async function withFactor(it: ApiSite, made: Made): Promise<number> {
  const node = await userNode(it, made)
  await it.site.djet.query(
    `insert into users.second_factor (account_id, secret, confirmed)
     select account_id, 'ABCDEFGH', now() from users.profile where node_id = $1`,
    [node],
  )
  return node
}

/** A task that waits; its number. */
export async function waitingTask({ site }: ApiSite): Promise<number> {
  return (await send(site.djet, echo, 1)).id
}

/** A task that failed; its number. */
export async function failedTask(it: ApiSite): Promise<number> {
  const id = await waitingTask(it)
  await it.site.djet.query('update jobmachine.task set status = 900, finished = now() where task_id = $1', [
    id,
  ])
  return id
}

export async function schedule({ site }: ApiSite, { id }: Made): Promise<number> {
  return insertSchedule(site.djet, {
    name: `at-${id}`,
    job: 'jobmachine.echo',
    params: '{}',
    cron: '0 6 * * *',
    zone: 'UTC',
    missed: 'skip',
    title: null,
    priority: null,
  })
}

export async function pausedSchedule(it: ApiSite, made: Made): Promise<number> {
  const id = await schedule(it, made)
  await enableSchedule(it.site.djet, id, false)
  return id
}

/** A type made on the site; its name. */
export async function siteType({ site }: ApiSite, { id }: Made): Promise<string> {
  await createType(site.djet, { name: `type-${id}`, definition: { title: 'Type', fields: [] } })
  return `type-${id}`
}

/** An order that can be invoiced; its path. */
export async function order({ site }: ApiSite, { id }: Made): Promise<string> {
  const { djet } = site
  const place = (await djet.nodes.get('/orders')) ?? (await shop(djet))
  const data = { number: id, customer: 'ANN', placed: '2026-01-02', linesTotal: '5.00', total: '5.00' }
  const made = await djet.nodes.insert(place, {
    basetype: 'order',
    part: String(id),
    name: `Order ${id}`,
    data,
  })
  await djet.query(
    'insert into sales_order.line (node_id, product, unit_price, quantity) values ($1, 1, 5, 1)',
    [made.id],
  )
  return made.path
}

/** The page where files are imported; its path. */
export async function orderImport({ site }: ApiSite): Promise<string> {
  const { djet } = site
  if ((await djet.nodes.get('/orders')) === null) await shop(djet)
  return '/orders/import'
}

async function shop({ nodes }: Djet) {
  await nodes.insert('/', { basetype: 'catalogue', name: 'Products' })
  await nodes.insert('/', { basetype: 'customers', name: 'Customers' })
  const orders = await nodes.insert('/', { basetype: 'orders', name: 'Orders' })
  await nodes.insert(orders, { basetype: 'order-import', name: 'Import' })
  return orders
}

/** A file of the library, in the page; its path. */
export async function libraryFile({ site }: ApiSite, { id, path }: Made): Promise<string> {
  const { djet } = site
  const folder = await djet.nodes.insert(id, { basetype: 'folder', name: 'Files' })
  const content = Buffer.from('a,b')
  const stored = await djet.files.write({ name: 'a.csv', type: 'text/csv', content })
  await addFile(djet, { folder, file: stored })
  return `${path}/files/a.csv`
}

/** A folder of the library, in the page; its path. */
export async function folder({ site }: ApiSite, { id, path }: Made): Promise<string> {
  await site.djet.nodes.insert(id, { basetype: 'folder', name: 'Files' })
  return `${path}/files`
}
