import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fc } from '../../../varve/dist/base/testing/fast-check.js'
import { readDelimited } from './delimited-reader.js'
import type { Row } from './row.js'
import { createRowWriter, type RowWriterOptions } from './row-writer.js'

type Entry = readonly [key: string | Uint8Array, value: string | Uint8Array]

function write(options: Partial<RowWriterOptions>, entries: readonly Entry[]): string[] {
  const writer = createRowWriter({
    format: 'ndjson',
    shape: 'pairs',
    keyEncoding: 'utf8',
    valueEncoding: 'utf8',
    ...options,
  })
  const lines: string[] = []
  for (const [key, value] of entries) {
    const [keyBytes, valueBytes] = [Buffer.from(key), Buffer.from(value)]
    const header = lines.length === 0 ? writer.header(keyBytes, valueBytes) : undefined
    if (header !== undefined) lines.push(header)
    lines.push(writer.row(keyBytes, valueBytes))
  }
  return lines
}

test('pairs hold key and value in the encodings asked for', () => {
  assert.deepEqual(write({}, [['k', '{"a":1}']]), ['{"key":"k","value":"{\\"a\\":1}"}'])
  assert.deepEqual(write({ valueEncoding: 'json' }, [['k', '{"a":1}']]), [
    '{"key":"k","value":{"a":1}}',
  ])
  assert.deepEqual(
    write({ format: 'csv', keyEncoding: 'hex', valueEncoding: 'hex' }, [['k', Buffer.of(255)]]),
    ['key,value', '6b,ff'],
  )
})

test('rows in CSV take their columns from the first, and refuse to drop a field', () => {
  const entries: Entry[] = [
    ['1', '{"a":1,"b":{"c":[2]}}'],
    ['2', '{"b":null,"a":"x,y"}'],
  ]
  assert.deepEqual(write({ format: 'csv', shape: 'rows' }, entries), [
    'a,b',
    '1,"{""c"":[2]}"',
    '"x,y",',
  ])
  const wider: Entry[] = [...entries, ['3', '{"z":1}']]
  assert.throws(() => write({ format: 'csv', shape: 'rows' }, wider), /field 'z'.*--columns/)
  assert.deepEqual(write({ format: 'tsv', shape: 'rows', columns: ['z', 'a'] }, wider), [
    'z\ta',
    '\t1',
    '\tx,y',
    '1\t',
  ])
})

test('rows need values that are objects', () => {
  for (const value of ['text', '[1]', 'null', '1']) {
    assert.throws(() => write({ shape: 'rows' }, [['k', value]]), /'k' is not a JSON object/)
  }
})

for (const format of ['csv', 'tsv'] as const) {
  test(`whatever is in a cell comes back from ${format}`, async () => {
    const special = fc.constantFrom('"', ',', '\t', '\n', '\r', ' ', 'x', '😀', "'")
    const cell = fc.oneof(
      fc.string(),
      fc.array(special).map((parts) => parts.join('')),
    )
    const row = fc.record({ a: cell, b: cell }, { noNullPrototype: true })
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 5 }), async (rows) => {
        const entries = rows.map((fields) => ['k', JSON.stringify(fields)] as const)
        const text = write({ format, shape: 'rows' }, entries).join('\n') + '\n'
        assert.deepEqual(await readBack(text, format), rows)
      }),
    )
  })
}

async function readBack(text: string, format: 'csv' | 'tsv'): Promise<unknown[]> {
  const rows: unknown[] = []
  // eslint-disable-next-line @typescript-eslint/require-await
  async function* source() {
    yield Buffer.from(text)
  }
  for await (const row of readDelimited(source(), { format })) rows.push((row as Row).fields)
  return rows
}
