import { LRUCache } from 'lru-cache'
import { type Djet, DjetError, type StoredFile } from '../../../core/index.ts'
import type { FilesSettings } from '../options.ts'
import { Lane } from './lane.ts'
import { type ImageHead, isRaster, readImageHead, readSvgSize } from './raster.ts'

/** What a stored file is. It never changes. */
export interface Content extends StoredFile {
  /** Pixels, upright; null: none, or not known. */
  readonly width: number | null
  readonly height: number | null
  readonly frames: number
  readonly alpha: boolean
  /** Whether browsers show it as an image. */
  readonly isImage: boolean
  /** Whether images in other sizes can be made of it. */
  readonly isRaster: boolean
}

interface Row {
  file_id: string
  width: number | null
  height: number | null
  frames: number
  alpha: boolean
}

const SVG = 'image/svg+xml'

/** Contents of files, told once and kept in a table; the latest ones in memory as well. */
export class Contents {
  readonly #settings: FilesSettings
  /** Images are read whole: few at a time. */
  readonly #lane = new Lane(4, 1000)
  readonly #known = new LRUCache<string, Content>({ max: 5000 })

  constructor(settings: FilesSettings) {
    this.#settings = settings
  }

  /** What an uploaded file is. @throws {DjetError} IMAGE_TOO_LARGE, IMAGE_BROKEN: 422 */
  async check(djet: Djet, file: StoredFile): Promise<void> {
    if (!isRaster(file.type)) return
    const head = await this.#lane.run(() => readImageHead(djet, file, this.#settings))
    await this.#keep(djet, file.id, head)
  }

  async get(djet: Djet, id: string): Promise<Content | null> {
    return (await this.list(djet, [id])).get(id) ?? null
  }

  /**
   * What files are, by their ids. Of pages made of it nothing needs to be noted for the cache: what a file is never
   * changes, so the scope's own connection is asked only inside of a transaction.
   */
  async list(djet: Djet, ids: readonly string[]): Promise<ReadonlyMap<string, Content>> {
    const found = new Map<string, Content>()
    for (const id of ids) {
      const known = this.#known.get(id)
      if (known) found.set(id, known)
    }
    const unknown = ids.filter((id) => !found.has(id))
    if (unknown.length === 0) return found
    const connection = djet.inTransaction ? djet.connection : djet.app.database
    const rows = await connection.query<StoredFile & Partial<Row>>(
      `select f.id, f.name, f.type, f.size, f.sha256, f.created, c.file_id, c.width, c.height, c.frames, c.alpha
       from djet.file f left join files.content c on c.file_id = f.id
       where f.id = any($1::uuid[]) and f.sha256 is not null`,
      [unknown],
    )
    for (const row of rows) {
      const content = contentOf(row, row.file_id ? (row as Row) : await this.#look(djet, row))
      this.#known.set(row.id, content)
      found.set(row.id, content)
    }
    return found
  }

  /** Looks at a file that came by another way than a form. */
  async #look(djet: Djet, file: StoredFile): Promise<Omit<Row, 'file_id'>> {
    const none = { width: null, height: null, frames: 1, alpha: false }
    try {
      if (isRaster(file.type)) {
        const head = await this.#lane.run(() => readImageHead(djet, file, this.#settings))
        await this.#keep(djet, file.id, head)
        return head
      }
      if (file.type === SVG) {
        const head = { ...none, ...(await readSvgSize(await djet.files.read(file.id))) }
        await this.#keep(djet, file.id, head)
        return head
      }
    } catch (error) {
      if (!(error instanceof DjetError) || error.status !== 422) throw error
      await this.#keep(djet, file.id, none)
    }
    return none
  }

  async #keep(djet: Djet, id: string, head: Omit<Row, 'file_id'> | ImageHead): Promise<void> {
    await djet.app.database.query(
      `insert into files.content (file_id, width, height, frames, alpha) select id, $2, $3, $4, $5
       from djet.file where id = $1 on conflict (file_id) do nothing`,
      [id, head.width, head.height, head.frames, head.alpha],
    )
  }
}

function contentOf(file: StoredFile, row: Omit<Row, 'file_id'>): Content {
  const { id, name, type, size, sha256, created } = file
  const { width, height, frames, alpha } = row
  const raster = isRaster(type) && width !== null
  const isImage = raster ? type !== 'image/tiff' : type === SVG
  return { id, name, type, size, sha256, created, width, height, frames, alpha, isImage, isRaster: raster }
}
