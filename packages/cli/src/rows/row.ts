import { extname } from 'node:path'
import { UsageError } from '../exit-code.js'
import { withoutCompression } from './compression.js'
import type { Fields } from './key-template.js'

/** One record of an imported file. */
export interface Row {
  /** Line on which it starts, counted from 1. */
  line: number
  fields: Fields
  /** The row as JSON where the file has it already, so that it is stored as it was written. */
  json?: string
}

/** A record that could not be read; reading continues after it. */
export interface BadRow {
  line: number
  problem: string
}

export type RowFormat = 'ndjson' | 'csv' | 'tsv'

export const rowFormats: readonly RowFormat[] = ['ndjson', 'csv', 'tsv']

const formatByExtension: Record<string, RowFormat> = {
  '.ndjson': 'ndjson',
  '.jsonl': 'ndjson',
  '.csv': 'csv',
  '.tsv': 'tsv',
  '.tab': 'tsv',
}

/** The format asked for, else that of the extension; NDJSON for standard input and output. */
export function rowFormatOf(file: string | undefined, asked: RowFormat | undefined): RowFormat {
  if (asked !== undefined) return asked
  if (isStandardStream(file)) return 'ndjson'
  const format = formatByExtension[extname(withoutCompression(file)).toLowerCase()]
  if (format !== undefined) return format
  throw new UsageError(
    `the name '${file}' does not show its format; add --format ${rowFormats.join('|')}`,
  )
}

/** Whether a file argument means standard input or output. */
export function isStandardStream(file: string | undefined): file is undefined | '-' {
  return file === undefined || file === '-'
}
