import type { PoolClient } from 'pg'
import { to } from 'pg-copy-streams'

/** Bytes before the first row: signature, flags, length of what may follow (nothing so far). */
const HEADER = 19
/** Says instead of a number of fields that no row follows. */
const NO_MORE = -1

/**
 * Reads the values of a query's only column, of type bytea, as the server sends them: no text in between, no copy.
 *
 * @param client of a transaction
 * @param query text without parameters: COPY takes none
 * @returns the bytes of all values, one value after the other, in pieces as they came
 * @see https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format"
 *
 * @example
 * await database.transaction((tx) => copyOut(tx.client!, 'select bytes from djet.file_chunk order by n limit 8'))
 */
export async function copyOut(client: PoolClient, query: string): Promise<Buffer[]> {
  const pieces: Buffer[] = []
  const head = Buffer.alloc(HEADER)
  let filled = 0
  /** Bytes of the head that is being read: of the file, of a row, of a field. */
  let wanted = HEADER
  let part: 'file' | 'row' | 'field' | 'end' = 'file'
  /** Bytes of the value still to come. */
  let left = 0
  for await (const given of client.query(to(`copy (${query}) to stdout (format binary)`))) {
    const data = given as Buffer
    for (let at = 0; at < data.length && part !== 'end'; ) {
      if (left > 0) {
        const piece = data.subarray(at, at + left)
        pieces.push(piece)
        left -= piece.length
        at += piece.length
        continue
      }
      const copied = data.copy(head, filled, at, at + wanted - filled)
      filled += copied
      at += copied
      if (filled < wanted) continue
      filled = 0
      if (part === 'row') {
        part = head.readInt16BE(0) === NO_MORE ? 'end' : 'field'
        wanted = 4
      } else {
        if (part === 'field') left = Math.max(0, head.readInt32BE(0))
        part = 'row'
        wanted = 2
      }
    }
  }
  return pieces
}
