import type { EngineContext } from '../../core/index.ts'
import { DjetError } from '../../core/index.ts'

/** Types a browser may show by itself: they run no script on this site. The others are saved. */
const SHOWN = /^(image\/(png|jpeg|gif|webp|avif)|application\/pdf|text\/plain)$/

interface Row {
  readonly file_id: string | null
  readonly name: string
  readonly type: string
  readonly size: number
}

/**
 * Answers with the file of a result, streamed.
 * @throws {DjetError} NOT_FOUND, 404
 */
export async function sendResultFile(ctx: EngineContext, task: number, result: number): Promise<void> {
  const [row] = await ctx.djet.query<Row>(
    `select r.file_id, f.name, f.type, f.size
     from jobmachine.result r join djet.file f on f.id = r.file_id
     where r.result_id = $1 and r.task_id = $2`,
    [result, task],
  )
  if (!row?.file_id) throw new DjetError('NOT_FOUND', `task ${task} has no file ${result}.`, { status: 404 })
  const essence = row.type.split(';')[0]!.trim().toLowerCase()
  ctx.set('Content-Disposition', contentDisposition(SHOWN.test(essence) ? 'inline' : 'attachment', row.name))
  ctx.set(
    'Content-Type',
    /^text\//.test(essence) && !row.type.includes(';') ? `${row.type}; charset=utf-8` : row.type,
  )
  ctx.set('X-Content-Type-Options', 'nosniff')
  ctx.set('Cache-Control', 'private, no-cache')
  ctx.status = 200
  ctx.length = row.size
  if (ctx.method !== 'HEAD') ctx.body = await ctx.djet.files.read(row.file_id)
  ctx.length = row.size
}

/** The name twice: in ASCII for old clients, and in full by RFC 5987. Neither can break out of the header. */
function contentDisposition(kind: 'inline' | 'attachment', name: string): string {
  const ascii = name.replace(/[^\x20-\x7e]|["\\%]/g, '_')
  const full = encodeURIComponent(Buffer.from(name).toString()).replace(
    /['()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `${kind}; filename="${ascii}"; filename*=UTF-8''${full}`
}
