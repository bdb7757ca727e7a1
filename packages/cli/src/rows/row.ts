import { extname } from 'node:path'
import { UsageError } from '../exit-code.js'
import type { Fields } from './key-template.js'

/** One record of an imported file. */
export interface Row {
  /** Line on which it ends, counted from 1. */
  line: number
  fields: Fields
  /** The row as JSON where the file has it already, so that it is stored as it was written. */
  json?: string
}

/** A record that could not be read; reading goes on behind it. */
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

/** The format asked for, else that of the extension; NDJSON where there is no file name. */
export function rowFormatOf(file: string | undefined, asked: RowFormat | undefined): RowFormat {
  if (asked !== undefined) return asked
  if (file === undefined) return 'ndjson'
  const format = formatByExtension[extname(file).toLowerCase()]
  if (format !== undefined) return format
  throw new UsageError(`cannot tell the format of '${file}'; say --format ${rowFormats.join('|')}`)
}

export function delimiterOf(format: 'csv' | 'tsv'): string {
  return format === 'csv' ? ',' : '\t'
}
