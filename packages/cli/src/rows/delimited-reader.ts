import { isUtf8 } from 'node:buffer'
import { parse, type CsvError, type Parser } from 'csv-parse'
import { DataError } from '../exit-code.js'
import { maxLineBytes } from '../terminal/lines.js'
import { asBuffer } from '../text/as-buffer.js'
import { formatBytes, formatCounted } from '../text/quantity.js'
import { defaultDelimiter, dialectOf, type Dialect } from './delimiter.js'
import type { Fields } from './key-template.js'
import { RecordLines } from './record-lines.js'
import type { BadRow, Row } from './row.js'
import { hasStrayQuote } from './stray-quote.js'

export interface DelimitedOptions {
  format: 'csv' | 'tsv'
  /** Default: detected in the first line of CSV, a tab in TSV. */
  delimiter?: string | undefined
  /** Names of the columns; default: those of the header, or 1, 2, 3 … where there is none. */
  columns?: readonly string[] | undefined
  /** Whether the first line is a header; default: only if `columns` does not name them. */
  header?: boolean | undefined
  /** Called when a delimiter other than the usual one of the format was detected. */
  onDetected?: ((delimiter: string) => void) | undefined
}

/** Rows of CSV or TSV (quoted by RFC 4180). A malformed record is a bad row, in its place. */
export async function* readDelimited(
  source: AsyncIterable<Uint8Array>,
  options: DelimitedOptions,
): AsyncGenerator<Row | BadRow> {
  let reader: RecordReader | undefined
  let head: Buffer = Buffer.alloc(0)
  for await (const bytes of source) {
    if (reader !== undefined) {
      yield* await reader.read(asBuffer(bytes))
      continue
    }
    head = Buffer.concat([head, bytes])
    reader = readerFor(head, false, options)
    if (reader !== undefined) yield* await reader.read(head)
  }
  if (reader === undefined) {
    reader = readerFor(head, true, options)!
    yield* await reader.read(head)
  }
  yield* await reader.end()
}

/** Undefined when the file has to be read further before its delimiter is known. */
function readerFor(
  head: Buffer,
  isWhole: boolean,
  options: DelimitedOptions,
): RecordReader | undefined {
  const { format, delimiter, columns } = options
  const question = { format, delimiter, columnCount: columns?.length }
  const dialect = dialectOf(head.toString('latin1'), isWhole, question)
  if (dialect === undefined) return undefined
  if (delimiter === undefined && dialect.delimiter !== defaultDelimiter(format)) {
    options.onDetected?.(dialect.delimiter)
  }
  return new RecordReader(options, dialect)
}

/** A parser of one file, and where it is in that file. */
class RecordReader {
  readonly #parser: Parser
  readonly #lines: RecordLines
  readonly #delimiter: Buffer
  /** Plain TSV knows no quotes: one in the middle of a cell is text. */
  readonly #hasStrictQuotes: boolean
  /** Undefined until the header or the first row names them. */
  #columns: readonly string[] | undefined
  #expectsHeader: boolean
  // What the parser has made of the last chunk. Collected here and not read from it as a stream,
  // which would lose the order of good and bad, and a third of the speed.
  #rows: (Row | BadRow)[] = []

  constructor(options: DelimitedOptions, { delimiter, recordDelimiters }: Dialect) {
    this.#columns = options.columns
    this.#expectsHeader = options.header ?? options.columns === undefined
    this.#hasStrictQuotes = options.format === 'csv'
    this.#delimiter = Buffer.from(delimiter)
    this.#lines = new RecordLines(recordDelimiters.includes('\n') ? '\n' : '\r')
    this.#parser = parse({
      delimiter,
      record_delimiter: [...recordDelimiters],
      max_record_size: maxLineBytes,
      // So that the end of each record is known: the parser would go on in a wrong state after a
      // malformed one. Quotes and columns are checked here.
      relax_quotes: true,
      relax_column_count: true,
      skip_empty_lines: true,
      skip_records_with_error: true,
      on_record: (cells: string[], { bytes }) => {
        this.#addRecord(cells, bytes)
        return null
      },
      on_skip: (error) => {
        this.#addError(error)
        return undefined
      },
    })
    // The callbacks of writes also get the error; without a listener it would end the process.
    this.#parser.on('error', () => {})
  }

  async read(chunk: Buffer): Promise<(Row | BadRow)[]> {
    this.#lines.push(chunk)
    await settled((done) => this.#parser.write(chunk, done))
    return this.#taken()
  }

  async end(): Promise<(Row | BadRow)[]> {
    await settled((done) => this.#parser.end(done))
    return this.#taken()
  }

  #addRecord(cells: string[], endBytes: number): void {
    this.#lines.skipEmptyLines()
    const { line } = this.#lines
    const problem = this.#problemOf(cells, endBytes)
    this.#lines.moveTo(endBytes)
    if (this.#expectsHeader) {
      this.#expectsHeader = false
      if (problem !== undefined) throw new DataError(`line ${line}: ${problem}, in the header`)
      this.#columns ??= checkedHeader(cells)
      return
    }
    if (problem !== undefined) {
      this.#rows.push({ line, problem })
      return
    }
    this.#columns ??= cells.map((_, index) => String(index + 1))
    this.#rows.push({ line, fields: fieldsOf(this.#columns, cells) })
  }

  #problemOf(cells: readonly string[], endBytes: number): string | undefined {
    if (cells.some((cell) => cell.includes('\ufffd')) && !isUtf8(this.#lines.bytesTo(endBytes))) {
      return 'not UTF-8 text'
    }
    if (
      this.#hasStrictQuotes &&
      cells.some((cell) => cell.includes('"')) &&
      hasStrayQuote(this.#lines.bytesTo(endBytes), this.#delimiter)
    ) {
      return 'a quote in the middle of a cell; such a cell must be quoted, and its quotes doubled'
    }
    const columnCount = this.#columns?.length
    if (columnCount === undefined || cells.length === columnCount) return undefined
    return `${formatCounted(cells.length, 'cell')} instead of ${columnCount}`
  }

  #addError(error: CsvError | undefined): void {
    this.#lines.skipEmptyLines()
    const { line } = this.#lines
    if (error?.code === 'CSV_MAX_RECORD_SIZE') {
      // The parser has lost its place.
      const most = formatBytes(maxLineBytes)
      throw new DataError(`line ${line}: a row of more than ${most}; is a quote not closed?`)
    }
    const isOpenQuote = error?.code === 'CSV_QUOTE_NOT_CLOSED'
    const problem = isOpenQuote ? 'a quote is not closed' : (error?.message ?? 'malformed record')
    if (this.#expectsHeader) throw new DataError(`line ${line}: ${problem}, in the header`)
    this.#rows.push({ line, problem })
  }

  #taken(): (Row | BadRow)[] {
    const rows = this.#rows
    this.#rows = []
    return rows
  }
}

function fieldsOf(columns: readonly string[], cells: readonly string[]): Fields {
  const fields: Fields = {}
  for (let i = 0; i < columns.length; i++) {
    const name = columns[i]
    if (name !== '__proto__') fields[name] = cells[i]
    else Object.defineProperty(fields, name, { value: cells[i], enumerable: true })
  }
  return fields
}

function checkedHeader(header: string[]): string[] {
  const seen = new Set<string>()
  for (const name of header) {
    if (seen.has(name)) throw new DataError(`the header names column '${name}' twice`)
    seen.add(name)
  }
  return header
}

function settled(start: (done: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    start((error) => (error ? reject(error) : resolve()))
  })
}
