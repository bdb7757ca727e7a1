import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { BinaryDatabase } from '../database/binary-database.js'
import { DataError } from '../exit-code.js'
import { readDelimited } from '../rows/delimited-reader.js'
import { importRows } from '../rows/importer.js'
import { compileKeyTemplate } from '../rows/key-template.js'
import { readNdjson } from '../rows/ndjson-reader.js'
import type { BadRow, Row } from '../rows/row.js'
import { keyEncodings, type TextEncoding, valueEncodings } from '../text/encoding.js'

type Rows = AsyncIterable<Row | BadRow>
type Reader = (source: AsyncIterable<Uint8Array>) => Rows

const readers: Record<string, Reader> = {
  ndjson: readNdjson,
  csv: (source) => readDelimited(source, { format: 'csv' }),
  tsv: (source) => readDelimited(source, { format: 'tsv' }),
  'csv with semicolons': (source) => readDelimited(source, { format: 'csv', delimiter: ';' }),
  'csv without a header': (source) => readDelimited(source, { format: 'csv', header: false }),
  'csv with columns': (source) => readDelimited(source, { format: 'csv', columns: ['key', 'b'] }),
}

/** What files of rows are made of, and where their readers go wrong. */
const piece = fc.oneof(
  fc.constantFrom(...'{}[]",:;\\\'\t\n\r\0 -1e.'),
  fc.constantFrom('\r\n', '""', '"\n', '\ufeff', '\u2028', '\u0085', 'null', 'true', '1e999', '-0'),
  fc.constantFrom('{"key":"a","value":"b"}\n', '{"key":{"a":[1]},"value":""}\n', '"__proto__"'),
  fc.constantFrom('key,value\n', 'key\tvalue\n', 'a,b\n', '"a","b""c"\n', '[[[['),
  fc.constant('{"a":'.repeat(50)),
  fc.string({ unit: 'binary', maxLength: 6 }),
)

const bytes = fc.oneof(
  fc.array(piece, { maxLength: 40 }).map((pieces) => Buffer.from(pieces.join(''))),
  fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array)),
)

const file = fc.record({
  bytes,
  chunkBytes: fc.integer({ min: 1, max: 20 }),
  format: fc.constantFrom(...Object.keys(readers)),
  keyEncoding: fc.constantFrom(...keyEncodings),
  encoding: fc.constantFrom(...valueEncodings),
  keyTemplate: fc.constantFrom('{key}', '{a}', '{key.a.0}-{b}'),
  valueField: fc.constantFrom(undefined, 'value', 'b'),
})

/**
 * A seed gives a plausible input file, read in two ways of cutting it into
 * chunks: both must come to the same rows, and to nothing that a database does not take.
 */
export const target = {
  name: 'import formats',
  prepare: () => Promise.resolve(importCase),
}

async function importCase(seed: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(file, async ({ format, bytes, chunkBytes, ...options }) => {
      const read = readers[format]
      const [whole, cut] = [read(chunksOf(bytes, Infinity)), read(chunksOf(bytes, chunkBytes))]
      assert.deepEqual(await collect(cut), await collect(whole))
      await importInto(read(chunksOf(bytes, chunkBytes)), options)
    }),
    { seed, numRuns: 20 },
  )
}

// eslint-disable-next-line @typescript-eslint/require-await
async function* chunksOf(bytes: Buffer, chunkBytes: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes)
}

/** The rows, and the message of the error that ended them. */
async function collect(rows: Rows): Promise<unknown[]> {
  const all: unknown[] = []
  try {
    for await (const row of rows) all.push(row)
  } catch (error) {
    if (!(error instanceof DataError)) throw error
    all.push(error.message)
  }
  return all
}

async function importInto(
  rows: Rows,
  options: {
    keyEncoding: TextEncoding
    encoding: TextEncoding
    keyTemplate: string
    valueField: string | undefined
  },
): Promise<void> {
  const counts = { imported: 0, replaced: 0, skipped: 0 }
  const db = {
    hasSync: () => false,
    batch(operations: { key: Uint8Array; value: Uint8Array }[]) {
      for (const { key, value } of operations) {
        assert.ok(key.length > 0 && key.length <= 64 * 1024)
        assert.ok(value instanceof Uint8Array)
      }
      return Promise.resolve()
    },
  } as unknown as BinaryDatabase
  try {
    await importRows(
      db,
      rows,
      {
        hasDefaultKey: false,
        keyOf: compileKeyTemplate(options.keyTemplate),
        keyEncoding: options.keyEncoding,
        valueField: options.valueField,
        valueEncoding: options.encoding,
        batchCount: 3,
        onBadRow: () => {},
        onProgress: () => {},
      },
      counts,
    )
  } catch (error) {
    if (!(error instanceof DataError)) throw error
  }
}
