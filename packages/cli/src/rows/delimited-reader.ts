import { parse, type CsvError } from 'csv-parse'
import { DataError } from '../exit-code.js'
import { maxLineBytes } from '../lines.js'
import type { Fields } from './key-template.js'
import { delimiterOf, type BadRow, type Row } from './row.js'

export interface DelimitedOptions {
  format: 'csv' | 'tsv'
  /** Names of the columns, for files without a header; by default the first line has them. */
  columns?: readonly string[] | undefined
}

/** Rows of CSV or TSV (quoted by RFC 4180). A malformed record is a bad row, in its place. */
export async function* readDelimited(
  source: AsyncIterable<Uint8Array>,
  options: DelimitedOptions,
): AsyncGenerator<Row | BadRow> {
  // What the parser has made of the last chunk. Collected here and not read from it as a stream,
  // which would lose the order of good and bad, and a third of the speed.
  let rows: (Row | BadRow)[] = []
  const parser = parse({
    bom: true,
    columns: options.columns === undefined ? checkedHeader : [...options.columns],
    delimiter: delimiterOf(options.format),
    max_record_size: maxLineBytes,
    // Plain TSV knows no quotes: one in the middle of a field is text.
    relax_quotes: options.format === 'tsv',
    skip_empty_lines: true,
    skip_records_with_error: true,
    on_record: (fields: Fields, { lines }) => {
      rows.push({ line: lines, fields })
      return null
    },
    on_skip: (error) => {
      rows.push({ line: lineOf(error), problem: error?.message ?? 'malformed record' })
      return undefined
    },
  })
  // Writes below get the error, too; without a listener it would end the process.
  parser.on('error', () => {})
  const taken = () => {
    const all = rows
    rows = []
    return all
  }
  for await (const chunk of source) {
    await settled((done) => parser.write(chunk, done))
    yield* taken()
  }
  await settled((done) => parser.end(done))
  yield* taken()
}

function settled(start: (done: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    start((error) => (error ? reject(error) : resolve()))
  })
}

function checkedHeader(header: string[]): string[] {
  const seen = new Set<string>()
  for (const name of header) {
    if (seen.has(name)) throw new DataError(`the header names column '${name}' twice`)
    seen.add(name)
  }
  return header
}

function lineOf(error: CsvError | undefined): number {
  return typeof error?.['lines'] === 'number' ? error['lines'] : 0
}
