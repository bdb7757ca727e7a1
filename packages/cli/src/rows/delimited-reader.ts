import { pipeline, Readable } from 'node:stream'
import { parse, type CsvError } from 'csv-parse'
import { DataError } from '../exit-code.js'
import { maxLineBytes } from '../lines.js'
import { delimiterOf, type BadRow, type Row } from './row.js'

interface ParsedRecord {
  record: Record<string, string>
  info: { lines: number }
}

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
  // The parser runs ahead of its reader by a few records, so bad rows wait here for their turn.
  const badRows: BadRow[] = []
  const parser = parse({
    bom: true,
    columns: options.columns === undefined ? checkedHeader : [...options.columns],
    delimiter: delimiterOf(options.format),
    info: true,
    max_record_size: maxLineBytes,
    // Plain TSV knows no quotes: one in the middle of a field is text.
    relax_quotes: options.format === 'tsv',
    skip_empty_lines: true,
    skip_records_with_error: true,
    on_skip: (error) => {
      badRows.push({ line: lineOf(error), problem: error?.message ?? 'malformed record' })
      return undefined
    },
  })
  // A failure of the source reaches the loop below, because pipeline destroys the parser with it.
  pipeline(Readable.from(source, { objectMode: false }), parser, () => {})
  for await (const { record, info } of parser as AsyncIterable<ParsedRecord>) {
    while (badRows.length > 0 && badRows[0].line <= info.lines) yield badRows.shift()!
    yield { line: info.lines, fields: record }
  }
  yield* badRows
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
