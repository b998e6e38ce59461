import type { EngineContext, StoredFile } from '../../../core/index.ts'

/** Answers with a stored file as a download. */
export async function sendFile(ctx: EngineContext, file: StoredFile): Promise<void> {
  ctx.set('Cache-Control', 'private, no-store')
  ctx.attachment(file.name)
  ctx.type = file.type
  ctx.length = file.size
  ctx.body = await ctx.djet.files.read(file.id)
}
