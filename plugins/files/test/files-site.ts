import { defineBasetype, definePlugin, field } from '../../../core/index.ts'
import { type S3Server, startS3 } from '../../../test/s3-server.ts'
import { createTestSite, type TestSite } from '../../../test/site.ts'
import type { Visitor } from '../../../test/visitor.ts'
import { addUser, changePassword, users } from '../../users/index.ts'
import { files } from '../index.ts'

const PASSWORD = 'quiet-river-5'

/** A page with an image of the library. */
export const article = defineBasetype({
  name: 'article',
  title: 'Article',
  template: 'article.eta',
  fields: {
    image: field.node({ basetypes: ['file'] }),
    body: field.html(),
    other: field.node({ basetypes: ['page'] }),
    lines: field.group({ fields: { photo: field.node({ basetypes: ['file'] }), text: field.html() } }),
    sheet: field.file(),
    extra: field.structured(),
    more: field.link(),
  },
})
const press = definePlugin(() => ({
  name: 'press',
  basetypes: [article],
  folder: new URL('press/', import.meta.url),
}))

export interface FilesSite {
  readonly site: TestSite
  /** Where the contents are, when they are in a bucket. */
  readonly s3: S3Server | undefined
  readonly guest: Visitor
  readonly boss: Visitor
  /** May edit the library, and nothing else. */
  readonly editor: Visitor
  /** What a guest gets at a path, as bytes. */
  pixels(path: string, accept?: string): Promise<{ bytes: Buffer; headers: Headers; status: number }>
  /** Rows of a table. */
  count(table: string): Promise<number>
  close(): Promise<void>
}

/** A site with a library, whose contents are in a bucket if that is asked for, else in the database. */
export async function openFilesSite({ inBucket = false } = {}): Promise<FilesSite> {
  const s3 = inBucket ? await startS3() : undefined
  if (s3) {
    process.env.AWS_ACCESS_KEY_ID = 'test'
    process.env.AWS_SECRET_ACCESS_KEY = 'test-secret'
  }
  const bucket = { store: 's3', bucket: 'djet', forcePathStyle: true, prefix: 'site/' } as const
  const site = await createTestSite({
    plugins: [users(), files({ widths: [160, 320, 640], atOnce: 2 }), press()],
    config: s3 ? { files: { ...bucket, endpoint: s3.url } } : {},
  })
  const { djet } = site
  await changePassword(djet, { login: 'admin', password: PASSWORD })
  await addUser(djet, { login: 'maria', password: PASSWORD, roles: ['staff'] })
  await djet.nodes.update('/files', { acl: { staff: ['view', 'edit'] } })
  const guest = await site.visitor()
  return {
    site,
    s3,
    guest,
    boss: await (await site.visitor()).login('admin', PASSWORD),
    editor: await (await site.visitor()).login('maria', PASSWORD),
    async pixels(path, accept = '') {
      const response = await fetch(guest.base + path, { headers: { accept } })
      const bytes = Buffer.from(await response.arrayBuffer())
      return { bytes, headers: response.headers, status: response.status }
    },
    async count(table) {
      return (await djet.query<{ n: number }>(`select count(*) as n from ${table}`))[0]!.n
    },
    async close() {
      await site.close()
      await s3?.close()
    },
  }
}

/** A form with files, each by its name and content. */
export function form(...contents: [name: string, content: string | Uint8Array][]): FormData {
  const data = new FormData()
  for (const [name, content] of contents)
    data.append('files', new Blob([content as Uint8Array<ArrayBuffer>]), name)
  return data
}
