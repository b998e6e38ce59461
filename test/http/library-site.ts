import { addUser, users } from '../../plugins/users/index.ts'
import { createTestSite, type TestSite, type TestSiteOptions } from '../site.ts'
import type { Visitor } from '../visitor.ts'
import { book, library } from './library.ts'

export interface Library {
  readonly site: TestSite
  /** Someone who may edit. */
  readonly editor: Visitor
  /** Someone who may only look. */
  readonly guest: Visitor
}

/** A site with `/books`, which staff may edit, and a book in it. */
export async function openLibrary(config: TestSiteOptions['config'] = {}): Promise<Library> {
  const site = await createTestSite({ plugins: [users(), library()], config })
  const { djet } = site
  await djet.nodes.insert('/', {
    basetype: 'page',
    part: 'books',
    name: 'Books',
    acl: { staff: ['view', 'edit'] },
  })
  await djet.nodes.insert('/books', {
    basetype: book,
    part: 'emma',
    name: 'Emma',
    data: { author: 'Austen' },
  })
  await addUser(djet, { login: 'nancy', password: 'n-quiet-river', roles: ['staff'] })
  const editor = await (await site.visitor()).login('nancy', 'n-quiet-river')
  await editor.get('/')
  return { site, editor, guest: await site.visitor() }
}
