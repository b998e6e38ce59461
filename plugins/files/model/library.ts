import {
  type Djet,
  DjetError,
  type Node,
  type NodeRef,
  partFrom,
  type StoredFile,
} from '../../../core/index.ts'
import { type FileNode, file as fileType, folder as folderType } from '../basetypes.ts'
import type { Tools } from '../tools.ts'
import { isRaster } from './raster.ts'

/** Parts that are tried at a time, and at most, for a file whose name others have. */
const TRIED = 50
const MOST_TRIED = 5000

/**
 * Puts an uploaded file into a folder, as a node that is called as the file is. Who may not publish there makes a draft.
 *
 * @throws {DjetError} NODE_NOT_FOUND, 404, when the folder has gone meanwhile; ACCESS_DENIED
 * @example const node = await addFile(djet, { folder: ctx.node, file: ctx.files.file[0] })
 */
export function addFile(
  djet: Djet,
  { folder, file }: { folder: NodeRef; file: StoredFile },
): Promise<FileNode> {
  return djet.transaction(async (djet) => {
    const parent = await djet.nodes.require(folder, folderType)
    await djet.files.keep(file.id)
    const part = await freePart(djet, parent.id, file.name)
    return djet.nodes.insert(parent, {
      basetype: fileType,
      part,
      name: file.name,
      data: { file: file.id },
    })
  })
}

/** `cat.jpg`, or `cat-2.jpg` when there is one. */
async function freePart(djet: Djet, parentId: number, name: string): Promise<string> {
  const [, stem = name, ending = ''] = /^(.+)(\.[A-Za-z0-9]{1,8})$/.exec(name) ?? []
  const begin = partFrom(stem).slice(0, 150)
  const end = ending.toLowerCase()
  // Two who bring files of one name at once wait here for each other.
  await djet.query('select pg_advisory_xact_lock(hashtext($1), $2)', ['files.part', parentId])
  const [parent] = await djet.query<{ path: string }>('select path from djet.node where id = $1', [parentId])
  const above = parent?.path === '/' ? '' : (parent?.path ?? '')
  for (let from = 1; from <= MOST_TRIED; from += TRIED) {
    const parts = Array.from(
      { length: TRIED },
      (_, i) => `${begin}${from + i === 1 ? '' : `-${from + i}`}${end}`,
    )
    const taken = await djet.query<{ part: string }>('select part from djet.node where path = any($1)', [
      parts.map((part) => `${above}/${part}`),
    ])
    const free = parts.find((part) => !taken.some((other) => other.part === part))
    if (free !== undefined) return free
  }
  return `${begin}-${Date.now().toString(36)}${end}`
}

/** What is changed of a file at its own page. */
export interface FileChange {
  /** New content; the address stays. */
  readonly file?: StoredFile
  readonly alt?: string
  readonly focusX?: string | number
  readonly focusY?: string | number
}

/**
 * Changes a file: its content, its alternative text, its focal point. The state before is kept as a version. Who may not
 * publish it saves a draft, which is told.
 *
 * @throws {DjetError} FILE_KIND_DIFFERS, 422, when an image were to become something else; FIELD_INVALID, 422
 */
export function changeFile(
  djet: Djet,
  tools: Tools,
  { node, change }: { node: Node; change: FileChange },
): Promise<'saved' | 'draft'> {
  return djet.transaction(async (djet) => {
    const { file, ...data } = change
    if (file) {
      const now = await tools.contents.get(djet, String(node.data.file))
      const isImage = isRaster(file.type) || file.type === 'image/svg+xml'
      if (now?.isImage && !isImage) {
        const message = `${node.name} is an image, and ${file.name} is none: pages that show it would be broken. Upload it as a file of its own.`
        throw new DjetError('FILE_KIND_DIFFERS', message, { status: 422, fields: { file: message } })
      }
      await djet.files.keep(file.id)
    }
    const content = {
      data: { ...data, ...(file ? { file: file.id } : {}) },
      ...(file ? { note: `replaced by ${file.name}` } : {}),
    }
    if (node.status === 'published' && !(await djet.can('publish', node))) {
      await djet.nodes.saveDraft(node, content)
      return 'draft'
    }
    await djet.nodes.update(node, content)
    return 'saved'
  })
}
