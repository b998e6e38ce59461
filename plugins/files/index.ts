import { definePlugin } from '../../core/index.ts'
import { file, folder } from './basetypes.ts'
import { fileEngine } from './engine/file.ts'
import { folderEngine } from './engine/folder.ts'
import { findImages } from './model/find-images.ts'
import { warningsOf } from './model/uses.ts'
import { checkOptions, type FilesOptions } from './options.ts'
import { filesUrl, pictures } from './payload.ts'
import { seedFiles } from './seed.ts'
import { start } from './start.ts'
import { createTools } from './tools.ts'

export { type FileNode, file, folder } from './basetypes.ts'
export { addFile } from './model/library.ts'
export type { Picture, PictureOptions } from './model/picture.ts'
export { countUses, listUses, type Use } from './model/uses.ts'
export type { FilesOptions } from './options.ts'

/** A library of files and images: folders, uploads, images in the sizes that pages need, where each file is used. */
export const files = definePlugin((options: FilesOptions) => {
  const settings = checkOptions(options)
  const tools = createTools(settings)
  return {
    name: 'files',
    version: '0.1.0',
    folder: new URL('.', import.meta.url),
    basetypes: [folder, file],
    engines: { 'files.folder': folderEngine(tools), 'files.file': fileEngine(tools) },
    payload: { filesUrl, pictureOf: pictures(tools) },
    checkFile: (djet, file) => tools.contents.check(djet, file),
    findImages: (djet, query, limit) => findImages(djet, tools, query, limit),
    trashWarnings: warningsOf,
    seed: seedFiles(settings.path),
    start: (app) => start(app, tools),
  }
})
