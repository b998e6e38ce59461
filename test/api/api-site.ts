import {
  createToken,
  defineBasetype,
  definePlugin,
  field,
  findAccount,
  type Plugin,
  SCOPES,
  type Scope,
  z,
} from '../../core/index.ts'
import { admin } from '../../plugins/admin/index.ts'
import { files } from '../../plugins/files/index.ts'
import { defineJob, jobmachine } from '../../plugins/jobmachine/index.ts'
import { addUser, changePassword, users } from '../../plugins/users/index.ts'
import { createTestSite, type TestSite, type TestSiteOptions } from '../site.ts'
import type { Visitor } from '../visitor.ts'
import { type Contract, contractOf, Program } from './program.ts'

export const PASSWORD = 'quiet-river-5'

/** Fields of many types. */
const recipe = defineBasetype({
  name: 'recipe',
  title: 'Recipe',
  fields: {
    text: field.text({ title: 'Text', required: true, maxLength: 2000 }),
    minutes: field.int({ min: 1, max: 600 }),
    price: field.price({ currency: 'EUR' }),
    course: field.enum({ starter: 'Starter', main: 'Main course' }, { default: 'main' }),
    tested: field.date(),
    vegan: field.boolean(),
    author: field.email({ updatable: false }),
    steps: field.structured({ schema: z.array(z.string()) }),
    origin: field.protected(),
    intro: field.html(),
    like: field.node({ basetypes: ['recipe'] }),
    sheet: field.file({ accept: ['.csv'] }),
  },
})
/** A job that only cooks start. */
const cook = defineJob('kitchen.cook', async () => {}, { params: z.unknown(), access: { start: ['cook'] } })
const kitchen = definePlugin(() => ({ name: 'kitchen', basetypes: [recipe], jobs: [cook] }))

export interface ApiSite {
  readonly site: TestSite
  readonly contract: Contract
  readonly base: string
  /** A program in the name of a user, for some scopes; of nobody when the login is null. */
  program(login: string | null, scopes?: readonly Scope[]): Promise<Program>
  token(login: string, scopes?: readonly Scope[]): Promise<string>
  visit(login: string): Promise<Visitor>
  close(): Promise<void>
}

/**
 * A site with `/open` (everybody sees it; `editor` edits, `publisher` also publishes) and `/closed` (nobody but
 * administrators), and a user for each role.
 */
export async function openApiSite(
  config: TestSiteOptions['config'] = {},
  more: readonly Plugin[] = [],
): Promise<ApiSite> {
  const plugins = [users(), jobmachine({ threads: 0 }), admin(), files(), kitchen(), ...more]
  const site = await createTestSite({ plugins, config })
  const { djet } = site
  const editing = { editor: ['view', 'edit'], publisher: ['view', 'edit', 'publish'] }
  await djet.nodes.insert('/', { basetype: 'page', name: 'Open', acl: editing })
  await djet.nodes.insert('/', {
    basetype: 'page',
    name: 'Closed',
    acl: { everyone: [], user: [], staff: [], editor: [], publisher: [] },
  })
  await changePassword(djet, { login: 'admin', password: PASSWORD })
  await addUser(djet, { login: 'reader', password: PASSWORD })
  await addUser(djet, { login: 'editor', password: PASSWORD, roles: ['editor', 'staff'] })
  await addUser(djet, { login: 'publisher', password: PASSWORD, roles: ['publisher', 'staff'] })
  const base = (await site.visitor()).base
  const contract = contractOf(site.app)
  const token: ApiSite['token'] = async (login, scopes = Object.keys(SCOPES) as Scope[]) => {
    const account = await findAccount(djet, login)
    return (await createToken(djet, { accountId: account!.id, name: `of ${login}`, scopes })).token
  }
  return {
    site,
    contract,
    base,
    token,
    program: async (login, scopes) =>
      new Program(base, contract, login === null ? undefined : await token(login, scopes)),
    visit: async (login) => (await site.visitor()).login(login, PASSWORD),
    close: () => site.close(),
  }
}
