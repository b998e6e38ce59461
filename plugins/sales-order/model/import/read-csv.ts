import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type CsvError, type Info, type Parser, parse } from 'csv-parse'
import type { Djet } from '../../../../core/index.ts'
import { type Columns, type Layout, matchColumns } from './columns.ts'
import { fileProblem } from './problem.ts'
import { type Dialect, SNIFF_BYTES, sniff } from './sniff.ts'

/** Rows handed on at once. */
const BATCH = 5_000
/** A row longer than this (characters) is a quotation mark that was never closed. */
const LONGEST_ROW = 100_000

/** One row as it stands in the file. */
export interface CsvRow {
  /** Line of the file it begins in; the header is line 1. */
  readonly line: number
  readonly cells: readonly string[]
  /** Its text, without the line end. */
  readonly raw: string
}

/** A CSV file whose header has been read and fits. */
export interface CsvFile {
  readonly name: string
  readonly layout: Layout
  /** What the reader put up with, in words. */
  readonly notices: readonly string[]
  /** The rows in batches, once. @throws {DjetError} IMPORT_FILE */
  batches(): AsyncGenerator<readonly CsvRow[]>
  /** Bytes read so far, and in all. */
  readonly read: number
  readonly size: number
  close(): void
}

/**
 * Opens a stored file as CSV with these columns. It is streamed: memory does not grow with the file.
 *
 * @throws {DjetError} FILE_NOT_FOUND (404); IMPORT_FILE (422) when it is no CSV file or lacks columns
 */
export async function openCsv(djet: Djet, id: string, columns: Columns): Promise<CsvFile> {
  const stored = await djet.files.get(id)
  const stream = await djet.files.read(id)
  const name = stored?.name ?? id
  try {
    const { start, rest } = await readStart(stream)
    const dialect = sniff(name, start, columns)
    return new OpenCsv(name, stored?.size ?? 0, stream, start, rest, dialect, columns)
  } catch (error) {
    stream.destroy()
    throw error
  }
}

/** The header row of a stored file; undefined when it has none that can be read. */
export async function readHeader(
  djet: Djet,
  id: string,
  columns: Columns,
): Promise<readonly string[] | undefined> {
  const stream = await djet.files.read(id)
  try {
    return sniff(id, (await readStart(stream)).start, columns).header
  } catch {
    return undefined
  } finally {
    stream.destroy()
  }
}

type Chunks = AsyncIterator<Buffer>

async function readStart(stream: Readable): Promise<{ start: Buffer; rest: Chunks }> {
  const rest = stream[Symbol.asyncIterator]() as Chunks
  const parts: Buffer[] = []
  for (let size = 0; size < SNIFF_BYTES; ) {
    const { value, done } = await rest.next()
    if (done) break
    const part = Buffer.from(value)
    parts.push(part)
    size += part.length
  }
  return { start: Buffer.concat(parts), rest }
}

class OpenCsv implements CsvFile {
  readonly name: string
  readonly size: number
  readonly layout: Layout
  readonly notices: string[] = []
  read = 0
  readonly #stream: Readable
  readonly #start: Buffer
  readonly #rest: Chunks
  readonly #parser: Parser
  /** Lines of which the rows are known; the parser is ahead of who takes its rows. */
  #parsed = 0

  constructor(
    name: string,
    size: number,
    stream: Readable,
    start: Buffer,
    rest: Chunks,
    dialect: Dialect,
    columns: Columns,
  ) {
    this.name = name
    this.size = size
    this.#stream = stream
    this.#start = start
    this.#rest = rest
    this.layout = matchColumns(name, columns, dialect.header)
    if (dialect.delimiter !== ',') this.notices.push(`${name}: cells are separated by ${dialect.name}.`)
    if (this.layout.ignored.length > 0) {
      this.notices.push(`${name}: these columns are not used: ${this.layout.ignored.join(', ')}.`)
    }
    this.#parser = parse({
      bom: true,
      delimiter: dialect.delimiter,
      record_delimiter: ['\r\n', '\n', '\r'],
      relax_column_count: true,
      raw: true,
      info: true,
      max_record_size: LONGEST_ROW,
      on_record: (record: string[], { lines }) => {
        this.#parsed = lines
        return record
      },
    })
  }

  async *batches(): AsyncGenerator<readonly CsvRow[]> {
    const feeding = pipeline(this.#chunks(), this.#parser)
    // Its error is that of the parser, which the loop below meets.
    feeding.catch(() => undefined)
    let batch: CsvRow[] = []
    let lastLine = 0
    let header = true
    try {
      for await (const { record, info, raw } of this.#parser as AsyncIterable<ParsedRow>) {
        const line = lastLine + 1
        lastLine = info.lines
        if (isBlank(record)) continue
        if (header) header = false
        else batch.push({ line, cells: record, raw: raw.replace(/[\r\n]+$/, '') })
        if (batch.length === BATCH) {
          yield batch
          batch = []
        }
      }
      if (batch.length > 0) yield batch
    } catch (error) {
      throw isCsvError(error) ? fileProblem(this.name, explain(error, this.#parsed + 1), error) : error
    } finally {
      this.close()
      await feeding.catch(() => undefined)
    }
  }

  async *#chunks(): AsyncGenerator<Buffer> {
    this.read += this.#start.length
    yield this.#start
    for (;;) {
      const { value, done } = await this.#rest.next()
      if (done) return
      if (value.includes(0)) throw fileProblem(this.name, 'the file has bytes in it that are no text')
      this.read += value.length
      yield value
    }
  }

  close(): void {
    this.#parser.destroy()
    this.#stream.destroy()
  }
}

interface ParsedRow {
  readonly record: string[]
  readonly info: Info
  readonly raw: string
}

/** An empty line, or the row of bare commas that spreadsheets leave at the end. */
function isBlank(record: readonly string[]): boolean {
  return record.every((cell) => cell.trim() === '')
}

function isCsvError(error: unknown): error is CsvError {
  return error instanceof Error && /^(CSV_|INVALID_)/.test((error as CsvError).code ?? '')
}

function explain(error: CsvError, line: number): string {
  const at = Number((error as { lines?: unknown }).lines) || line
  switch (error.code) {
    case 'CSV_QUOTE_NOT_CLOSED':
    case 'CSV_MAX_RECORD_SIZE':
      return `a quotation mark opened in line ${line} or behind it is never closed; nothing behind it can be read`
    case 'INVALID_OPENING_QUOTE':
    case 'CSV_INVALID_CLOSING_QUOTE':
      return (
        `line ${at} has a quotation mark in the middle of a text, or one in a line before it is not closed; ` +
        'put such a text in quotation marks and write those within it twice'
      )
    default:
      return `cannot be read as CSV near line ${at}: ${error.message}`
  }
}
