import { DataError } from '../exit-code.js'
import { asBuffer } from '../text/as-buffer.js'
import { printable } from '../text/printable.js'
import { formatJson, utf8Text, type TextEncoding } from '../text/encoding.js'
import type { Fields } from './key-template.js'
import { defaultDelimiter } from './delimiter.js'
import type { RowFormat } from './row.js'

/** Turns entries into the lines of a file. Lines come without their end. */
export interface RowWriter {
  /** Line above the rows, known when the first entry is. */
  header(key: Uint8Array, value: Uint8Array): string | undefined
  row(key: Uint8Array, value: Uint8Array): string
}

export interface RowWriterOptions {
  format: RowFormat
  /**
   * 'pairs' writes key and value, so nothing is lost; 'rows' the fields of values that are objects.
   */
  shape: 'pairs' | 'rows'
  keyEncoding: TextEncoding
  valueEncoding: TextEncoding
  /** Of 'rows' in CSV and TSV; by default the fields of the first value. */
  columns?: readonly string[] | undefined
}

export function createRowWriter(options: RowWriterOptions): RowWriter {
  const { format } = options
  if (options.shape === 'pairs') {
    return format === 'ndjson' ? ndjsonPairs(options) : delimitedPairs(options, format)
  }
  return format === 'ndjson' ? ndjsonRows() : new DelimitedRows(format, options.columns)
}

function ndjsonPairs({ keyEncoding, valueEncoding }: RowWriterOptions): RowWriter {
  return {
    header: () => undefined,
    row: (key, value) => pairAsJson(key, value, keyEncoding, valueEncoding),
  }
}

/** `{"key":…,"value":…}`, the shape of an entry in every JSON output of the command. */
export function pairAsJson(
  key: Uint8Array,
  value: Uint8Array,
  keyEncoding: TextEncoding,
  valueEncoding: TextEncoding,
): string {
  const keyJson = formatJson(key, keyEncoding, nameOfKey(key))
  return `{"key":${keyJson},"value":${formatJson(value, valueEncoding, nameOfValue(key))}}`
}

function delimitedPairs(options: RowWriterOptions, format: 'csv' | 'tsv'): RowWriter {
  const delimiter = defaultDelimiter(format)
  const text = (bytes: Uint8Array, encoding: TextEncoding, what: string) =>
    encoding === 'hex' ? asBuffer(bytes).toString('hex') : utf8Text(bytes, what)
  return {
    header: () => `key${delimiter}value`,
    row: (key, value) => {
      const keyCell = cell(text(key, options.keyEncoding, nameOfKey(key)), delimiter)
      const valueText = text(value, options.valueEncoding, nameOfValue(key))
      return keyCell + delimiter + cell(valueText, delimiter)
    },
  }
}

function ndjsonRows(): RowWriter {
  return {
    header: () => undefined,
    row: (key, value) => {
      fieldsOf(key, value)
      return formatJson(value, 'json', nameOfValue(key))
    },
  }
}

class DelimitedRows implements RowWriter {
  readonly #delimiter: string
  #columns: readonly string[] | undefined

  constructor(
    format: 'csv' | 'tsv',
    private readonly askedColumns: readonly string[] | undefined,
  ) {
    this.#delimiter = defaultDelimiter(format)
    this.#columns = askedColumns
  }

  header(key: Uint8Array, value: Uint8Array): string {
    this.#columns ??= Object.keys(fieldsOf(key, value))
    return this.#columns.map((name) => headerCell(name, this.#delimiter)).join(this.#delimiter)
  }

  row(key: Uint8Array, value: Uint8Array): string {
    const columns = this.#columns!
    const fields = fieldsOf(key, value)
    // Columns that were asked for are a choice; those taken from the first row must hold every
    // field.
    if (this.askedColumns === undefined) {
      const extra = Object.keys(fields).find((name) => !columns.includes(name))
      if (extra !== undefined) {
        throw new DataError(
          `${nameOfValue(key)} has a field '${extra}' that the first row lacks; ` +
            `say --columns, or export NDJSON`,
        )
      }
    }
    return this.#line(columns.map((name) => asCell(fields[name])))
  }

  #line(cells: readonly string[]): string {
    // A lone empty cell would be an empty line, which readers pass over.
    if (cells.length === 1 && cells[0] === '') return '""'
    return cells.map((text) => cell(text, this.#delimiter)).join(this.#delimiter)
  }
}

function fieldsOf(key: Uint8Array, value: Uint8Array): Fields {
  let fields: unknown
  try {
    fields = JSON.parse(utf8Text(value, nameOfValue(key)))
  } catch {
    fields = undefined
  }
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) {
    throw new DataError(`${nameOfValue(key)} is not a JSON object; export it without --rows`)
  }
  return fields as Fields
}

function asCell(value: unknown): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Quoted if it holds what another file's delimiter may be: readers detect that in the header. */
function headerCell(name: string, delimiter: string): string {
  return /[,;\t|]/.test(name) || name === ''
    ? `"${name.replaceAll('"', '""')}"`
    : cell(name, delimiter)
}

/** Quotes by RFC 4180. */
function cell(text: string, delimiter: string): string {
  const needsQuotes = text.includes(delimiter) || /["\r\n]/.test(text) || text.startsWith('\ufeff')
  return needsQuotes ? `"${text.replaceAll('"', '""')}"` : text
}

function nameOfKey(key: Uint8Array): string {
  return `key '${printable(key)}'`
}

function nameOfValue(key: Uint8Array): string {
  return `the value of '${printable(key)}'`
}
