import type { Connection } from '../db/connection.ts'
import { copyOut } from '../db/copy-out.ts'
import { DjetError } from '../error.ts'
import type { ByteRange } from './object-store.ts'

/** Bytes a row. Small, because pg sends it as text, by way of several buffers. */
export const CHUNK = 32 * 1024
/** Bytes in memory at a time, about. */
const BLOCK = 1024 * 1024

/** As base64: pg takes everything as text, and PostgreSQL's own for bytes is twice as long as they are. */
const READ_ONE = {
  name: 'djet-file-read',
  text: `select encode(bytes, 'base64') as bytes from djet.file_chunk where file_id = $1 and n = $2`,
}

const SIZE_OF_FIRST = {
  name: 'djet-file-chunk',
  text: 'select octet_length(bytes) as size from djet.file_chunk where file_id = $1 and n = 0',
}

/**
 * The bytes of a file in the database, a block at a time. Between two blocks it holds no connection: who takes the
 * file may be slow.
 *
 * @param id a uuid
 * @param size bytes of the file
 * @throws {DjetError} FILE_NOT_FOUND, 404: it was deleted meanwhile
 */
export async function* readChunks(
  connection: Connection,
  id: string,
  size: number,
  range: ByteRange = { start: 0, end: size - 1 },
): AsyncGenerator<Buffer> {
  const last = Math.min(range.end, size - 1)
  let start = Math.max(0, range.start)
  if (start > last) return
  const chunk = size <= CHUNK ? CHUNK : await sizeOfFirst(connection, id)
  const chunks = Math.max(1, Math.floor(BLOCK / chunk))
  while (start <= last) {
    const from = Math.floor(start / chunk)
    const to = Math.min(Math.floor(last / chunk), from + chunks - 1)
    const pieces =
      from === to ? await readOne(connection, id, from) : await readSome(connection, id, from, to)
    let at = from * chunk
    for (const piece of pieces) {
      const wanted = piece.subarray(Math.max(0, start - at), Math.max(0, last + 1 - at))
      at += piece.length
      if (wanted.length > 0) yield wanted
    }
    if (at < Math.min((to + 1) * chunk, size)) throw gone()
    start = at
  }
}

/** Files of the first releases are in larger chunks. */
async function sizeOfFirst(connection: Connection, id: string): Promise<number> {
  const [first] = await connection.query<{ size: number }>(SIZE_OF_FIRST, [id])
  if (!first) throw gone()
  return first.size
}

async function readOne(connection: Connection, id: string, n: number): Promise<Buffer[]> {
  const rows = await connection.query<{ bytes: string }>(READ_ONE, [id, n])
  return rows.map((row) => Buffer.from(row.bytes, 'base64'))
}

async function readSome(connection: Connection, id: string, from: number, to: number): Promise<Buffer[]> {
  const query = `select bytes from djet.file_chunk where file_id = '${id}' and n between ${from} and ${to} order by n`
  return connection.transaction((tx) => copyOut(tx.client!, query))
}

function gone(): DjetError {
  return new DjetError('FILE_NOT_FOUND', 'this file is no longer kept.', { status: 404 })
}
