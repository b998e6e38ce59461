import { createHash, randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import type { Connection } from '../db/connection.ts'
import { DjetError } from '../error.ts'
import type { Files, NewFile, StoredFile } from './files.ts'
import type { ByteRange, ObjectStore } from './object-store.ts'
import { CHUNK, readChunks } from './read-chunks.ts'
import { noteNewObject } from './removed-objects.ts'

/** Bytes of one insert: outside a transaction each is a commit. */
const WRITE = 8 * CHUNK

const INSERT = {
  name: 'djet-file-write',
  text: `
    insert into djet.file_chunk (file_id, n, bytes)
    select $1, $2::int + i, substring($3::bytea from i * ${CHUNK} + 1 for ${CHUNK})
    from generate_series(0, (length($3::bytea) - 1) / ${CHUNK}) as i`,
}

/** What a media type looks like: it goes into a header again. */
const MEDIA_TYPE = /^[\w.+-]+\/[\w.+-]+(;[\x20-\x7e]*)?$/

const COLUMNS = 'id, name, type, size, sha256, created'
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Files in `djet.file`, their bytes in `djet.file_chunk` or in a store of objects. See `Files`. */
export class FileStore implements Files {
  readonly #connection: Connection
  readonly #outside: Connection
  readonly #objects: ObjectStore | undefined

  /**
   * @param outside the database itself, where `connection` may be a transaction
   * @param objects where the bytes of new files go; absent: into the database
   */
  constructor(connection: Connection, outside: Connection, objects: ObjectStore | undefined) {
    this.#connection = connection
    this.#outside = outside
    this.#objects = objects
  }

  async write(file: NewFile): Promise<StoredFile> {
    // A stream that breaks before it is read, as one of a file that is not there, would end the process.
    if (file.content instanceof Readable) file.content.on('error', () => {})
    const name = fileName(file.name)
    const type = MEDIA_TYPE.test(file.type) ? file.type : 'application/octet-stream'
    if (this.#objects) return this.#writeObject(this.#objects, name, type, file)
    const [row] = await this.#connection.query<{ id: string }>(
      'insert into djet.file (name, type) values ($1, $2) returning id',
      [name, type],
    )
    const id = row!.id
    try {
      const { size, sha256 } = await this.#writeChunks(id, name, file)
      const [stored] = await this.#connection.query<StoredFile>(
        `update djet.file set size = $2, sha256 = $3 where id = $1 returning ${COLUMNS}`,
        [id, size, sha256],
      )
      return stored!
    } catch (error) {
      // In a transaction that has failed this fails too, and its rollback removes the rows.
      await this.delete(id).catch(() => {})
      throw error
    }
  }

  /** The object first, its row after it: what fails in between is removed a day later. */
  async #writeObject(objects: ObjectStore, name: string, type: string, file: NewFile): Promise<StoredFile> {
    const id = randomUUID()
    await noteNewObject(this.#outside, id)
    const hash = createHash('sha256')
    let size = 0
    async function* measured(): AsyncGenerator<Buffer> {
      for await (const piece of piecesOf(file.content)) {
        size += piece.length
        if (file.maxSize !== undefined && size > file.maxSize) throw tooLarge(name, file.maxSize)
        hash.update(piece)
        yield piece
      }
    }
    await objects.put(id, measured(), type)
    const [stored] = await this.#connection.query<StoredFile>(
      `insert into djet.file (id, name, type, size, sha256, store) values ($1, $2, $3, $4, $5, 's3')
       returning ${COLUMNS}`,
      [id, name, type, size, hash.digest('hex')],
    )
    await this.#connection.query('delete from djet.file_object_removal where id = $1', [id])
    return stored!
  }

  async #writeChunks(id: string, name: string, file: NewFile): Promise<{ size: number; sha256: string }> {
    const hash = createHash('sha256')
    let size = 0
    let n = 0
    const put = async (bytes: Buffer): Promise<void> => {
      await this.#connection.query(INSERT, [id, n, bytes])
      n += Math.ceil(bytes.length / CHUNK)
    }
    // One for all inserts: a query has copied it by the time it ends.
    const chunk = Buffer.allocUnsafeSlow(WRITE)
    let filled = 0
    for await (const piece of piecesOf(file.content)) {
      size += piece.length
      if (file.maxSize !== undefined && size > file.maxSize) throw tooLarge(name, file.maxSize)
      hash.update(piece)
      for (let at = 0; at < piece.length; ) {
        const copied = piece.copy(chunk, filled, at)
        at += copied
        filled += copied
        if (filled < WRITE) continue
        await put(chunk)
        filled = 0
      }
    }
    if (filled > 0) await put(chunk.subarray(0, filled))
    return { size, sha256: hash.digest('hex') }
  }

  async keep(id: string): Promise<void> {
    await this.#connection.query('update djet.file set kept = true where id = $1', [id])
  }

  async get(id: string): Promise<StoredFile | null> {
    if (!UUID.test(id)) return null
    const rows = await this.#connection.query<StoredFile>(
      `select ${COLUMNS} from djet.file where id = $1 and sha256 is not null`,
      [id],
    )
    return rows[0] ?? null
  }

  async read(id: string, range?: ByteRange): Promise<Readable> {
    const [file] = UUID.test(id)
      ? await this.#connection.query<{ store: string; size: number }>(
          'select store, size from djet.file where id = $1 and sha256 is not null',
          [id],
        )
      : []
    if (file === undefined) {
      throw new DjetError('FILE_NOT_FOUND', 'this file is no longer kept.', { status: 404 })
    }
    if (file.store === 'database') {
      const chunks = readChunks(this.#connection, id, file.size, range)
      return Readable.from(chunks, { objectMode: false, highWaterMark: CHUNK })
    }
    if (this.#objects) return this.#objects.get(id, range)
    const message =
      "this file is kept in a bucket that the option 'files' of the site does not name any more."
    throw new DjetError('FILE_STORE_MISSING', message, { status: 503 })
  }

  async delete(id: string): Promise<void> {
    await this.#connection.query('delete from djet.file where id = $1', [id])
  }
}

async function* piecesOf(content: NewFile['content']): AsyncGenerator<Buffer> {
  if (typeof content === 'string') yield Buffer.from(content)
  else if (content instanceof Uint8Array)
    yield Buffer.from(content.buffer, content.byteOffset, content.byteLength)
  else for await (const piece of content) yield Buffer.isBuffer(piece) ? piece : Buffer.from(piece)
}

/** The last segment of what a client calls a file, without control characters and what turns its direction. */
function fileName(given: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is removed
  const name = (given.split(/[/\\]/).at(-1) ?? '').replace(/[\u0000-\u001f\u007f\u2028-\u202e]/g, '').trim()
  return [...name].slice(-200).join('') || 'file'
}

function tooLarge(name: string, maxSize: number): DjetError {
  const most =
    maxSize >= 1024 * 1024 ? `${Math.floor(maxSize / (1024 * 1024))} MB` : `${Math.floor(maxSize / 1024)} KB`
  return new DjetError('FILE_TOO_LARGE', `${name} is larger than ${most}. Send it in parts.`, { status: 413 })
}

/** Removes files that nothing came to refer to within a day. */
export async function removeUnkeptFiles(connection: Connection): Promise<void> {
  await connection.query(
    `delete from djet.file where id in (
       select id from djet.file where not kept and created < now() - interval '1 day' limit 1000)`,
  )
}
