import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DataError, UsageError } from '../exit-code.js'
import { readDelimited } from './delimited-reader.js'
import { readNdjson } from './ndjson-reader.js'
import { rowFormatOf, type BadRow, type Row } from './row.js'

// eslint-disable-next-line @typescript-eslint/require-await
async function* bytesOf(text: string): AsyncGenerator<Buffer> {
  // Chunks that end anywhere.
  for (let i = 0; i < text.length; i += 7) yield Buffer.from(text.slice(i, i + 7))
}

async function collect(rows: AsyncIterable<Row | BadRow>): Promise<(Row | BadRow)[]> {
  const all: (Row | BadRow)[] = []
  for await (const row of rows) all.push(row)
  return all
}

const csv = (text: string, columns?: string[]) =>
  collect(readDelimited(bytesOf(text), { format: 'csv', columns }))

const lineAndFields = (rows: (Row | BadRow)[]) =>
  rows.map((row) => ('problem' in row ? [row.line, 'bad'] : [row.line, row.fields]))

test('NDJSON keeps each row as it was written, and says what is wrong with a line', async () => {
  const rows = await collect(readNdjson(bytesOf('\ufeff {"a": 1.0}\r\n\n[1]\n{"a":\n{"b":2}')))
  assert.deepEqual(rows[0], { line: 1, fields: { a: 1 }, json: '{"a": 1.0}' })
  assert.deepEqual(rows[1], { line: 3, problem: 'not a JSON object' })
  assert.match((rows[2] as BadRow).problem, /^not JSON: /)
  assert.deepEqual(rows[3], { line: 5, fields: { b: 2 }, json: '{"b":2}' })
})

test('CSV has a header, quotes, line breaks in cells, and bad rows in their place', async () => {
  const rows = await csv('\ufeffa,b\n1,"x ""y"", z"\n2\n3,"two\nlines"\n\n4,q"q\n5,\n')
  assert.deepEqual(lineAndFields(rows), [
    [2, { a: '1', b: 'x "y", z' }],
    [3, 'bad'],
    [5, { a: '3', b: 'two\nlines' }],
    [7, 'bad'],
    [8, { a: '5', b: '' }],
  ])
})

test('columns can be named when the file does not', async () => {
  assert.deepEqual(lineAndFields(await csv('1,2\n', ['x', 'y'])), [[1, { x: '1', y: '2' }]])
})

test('TSV takes quotes within a cell as text', async () => {
  const rows = await collect(
    readDelimited(bytesOf('a\tb\n1"2\t"quoted\ttab"\n'), { format: 'tsv' }),
  )
  assert.deepEqual(lineAndFields(rows), [[2, { a: '1"2', b: 'quoted\ttab' }]])
})

test('a quote that stays open is one bad row, to the end of the file', async () => {
  assert.deepEqual(lineAndFields(await csv('a,b\n1,2\n3,"4\n5,6\n')), [
    [2, { a: '1', b: '2' }],
    [4, 'bad'],
  ])
})

test('a header that names a column twice is refused, as one of them would be lost', async () => {
  await assert.rejects(csv('a,a\n1,2\n'), DataError)
})

test('the format comes from the flag, else from the extension', () => {
  assert.equal(rowFormatOf('x.JSONL', undefined), 'ndjson')
  assert.equal(rowFormatOf('dir.csv/x.tsv', undefined), 'tsv')
  assert.equal(rowFormatOf('x.txt', 'csv'), 'csv')
  assert.equal(rowFormatOf(undefined, undefined), 'ndjson')
  assert.throws(() => rowFormatOf('x.txt', undefined), UsageError)
})
