import { DataError } from '../exit-code.js'
import type { BinaryStore } from '../database/binary-database.js'
import { parseBytes, type TextEncoding } from '../text/encoding.js'
import {
  fieldAt,
  fieldPath,
  listFields,
  MissingFieldError,
  type FieldPath,
  type KeyTemplate,
} from './key-template.js'
import type { BadRow, Row } from './row.js'

interface PutOperation {
  type: 'put'
  key: Buffer
  value: Uint8Array
}

/**
 * Bytes after which a batch is written before it has its count: bounds memory when rows are large.
 */
const maxBatchBytes = 4 * 1024 * 1024
const maxKeyBytes = 64 * 1024

export interface ImportOptions {
  keyOf: KeyTemplate
  /** No template was asked for: rows are expected as `export` writes them. */
  hasDefaultKey: boolean
  keyEncoding: TextEncoding
  /** Field to store as the value; undefined: the whole row, as JSON. */
  valueField: string | undefined
  valueEncoding: TextEncoding
  batchCount: number
  /** Sees every bad row; throws to end the import there. */
  onBadRow: (bad: BadRow) => void
  /** Called after each batch, with totals. */
  onProgress: (records: number) => void
}

export interface ImportCounts {
  imported: number
  /** Of the imported: rows whose key was in the database already, perhaps from an earlier row. */
  replaced: number
  skipped: number
}

/**
 * Writes `rows` to the database, batch by batch, never holding more than one.
 *
 * Ensures: `counts` holds what was acknowledged, also when this throws; rows before a bad one are
 * in.
 */
export async function importRows(
  db: BinaryStore,
  rows: AsyncIterable<Row | BadRow>,
  options: ImportOptions,
  counts: ImportCounts,
): Promise<void> {
  const valuePath = options.valueField === undefined ? undefined : fieldPath(options.valueField)
  let batch: PutOperation[] = []
  let batchBytes = 0
  const write = async () => {
    if (batch.length === 0) return
    const operations = batch
    // Taken out first: a batch that failed must not be tried again on the way out.
    batch = []
    batchBytes = 0
    const replaced = countExisting(db, operations)
    await db.batch(operations)
    counts.replaced += replaced
    counts.imported += operations.length
    options.onProgress(counts.imported)
  }
  try {
    for await (const row of rows) {
      const entry = toEntry(row, options, valuePath)
      if ('problem' in entry) {
        counts.skipped++
        options.onBadRow(entry)
        continue
      }
      batch.push({ type: 'put', key: entry.key, value: entry.value })
      batchBytes += entry.key.length + entry.value.length
      if (batch.length >= options.batchCount || batchBytes >= maxBatchBytes) await write()
    }
  } finally {
    await write()
  }
}

function toEntry(
  row: Row | BadRow,
  options: ImportOptions,
  valuePath: FieldPath | undefined,
): BadRow | { key: Buffer; value: Uint8Array } {
  if ('problem' in row) return row
  try {
    const key = parseBytes(options.keyOf(row.fields), options.keyEncoding, 'the key')
    if (key.length === 0) throw new DataError('the key is empty')
    if (key.length > maxKeyBytes) throw new DataError(`the key is longer than ${maxKeyBytes} bytes`)
    return { key, value: valueOf(row, valuePath, options.valueEncoding) }
  } catch (error) {
    const problem = problemOf(error as Error, row, options)
    // Rows of CSV all have the same fields, so no row of this file can be imported.
    if (error instanceof MissingFieldError && row.json === undefined) throw new DataError(problem)
    // Other problems are the row's own: the caller's policy decides what follows.
    return { line: row.line, problem }
  }
}

function problemOf(error: Error, { fields }: Row, { hasDefaultKey }: ImportOptions): string {
  if (!hasDefaultKey || !(error instanceof MissingFieldError)) return error.message
  const [first = 'id'] = Object.keys(fields)
  return (
    `without --key, rows need the fields 'key' and 'value'; this file has ${listFields(fields)}. ` +
    `Say which fields make the key, as in --key '{${first}}'`
  )
}

/** Looks each key up, so that memory is bounded whatever the number of rows. */
function countExisting(db: BinaryStore, operations: readonly PutOperation[]): number {
  const keysOfBatch = new Set<string>()
  let count = 0
  for (const { key } of operations) {
    const text = key.toString('latin1')
    if (keysOfBatch.has(text) || db.hasSync(key)) count++
    else keysOfBatch.add(text)
  }
  return count
}

function valueOf(row: Row, path: FieldPath | undefined, encoding: TextEncoding): Uint8Array {
  if (path === undefined) return Buffer.from(row.json ?? JSON.stringify(row.fields))
  const value = fieldAt(row.fields, path)
  if (value === undefined) throw new MissingFieldError(path.name, row.fields)
  // A string is the text of the value, except under 'json', where in NDJSON it is a JSON string.
  const isText = typeof value === 'string' && !(encoding === 'json' && row.json !== undefined)
  return isText
    ? parseBytes(value, encoding, `field '${path.name}'`)
    : Buffer.from(JSON.stringify(value))
}
