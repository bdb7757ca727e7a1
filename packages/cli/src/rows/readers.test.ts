import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DataError, UsageError } from '../exit-code.js'
import { readDelimited, type DelimitedOptions } from './delimited-reader.js'
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
  const rows = await collect(readNdjson(bytesOf(' {"a": 1.0}\r\n\n[1]\n{"a":\n{"b":2}\n1')))
  assert.deepEqual(rows[0], { line: 1, fields: { a: 1 }, json: '{"a": 1.0}' })
  assert.match((rows[1] as BadRow).problem, /^a JSON array instead of an object/)
  assert.match((rows[2] as BadRow).problem, /^not JSON: /)
  assert.deepEqual(rows[3], { line: 5, fields: { b: 2 }, json: '{"b":2}' })
  assert.deepEqual(rows[4], { line: 6, problem: 'not a JSON object' })
})

test('CSV has a header, quotes, line breaks in cells, and bad rows in their place', async () => {
  const rows = await csv('a,b\n1,"x ""y"", z"\n2\n3,"two\nlines"\n\n4,q"q\n5,\n')
  assert.deepEqual(lineAndFields(rows), [
    [2, { a: '1', b: 'x "y", z' }],
    [3, 'bad'],
    [4, { a: '3', b: 'two\nlines' }],
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
    [3, 'bad'],
  ])
})

test('lines are counted as an editor does, also after CRLF within quotes', async () => {
  const rows = await csv('a,b\r\n1,"x\r\ny\r\nz"\r\n2\r\n\r\n"3",4\r\n5,"6\n7"\r\n8\r\n')
  assert.deepEqual(lineAndFields(rows), [
    [2, { a: '1', b: 'x\r\ny\r\nz' }],
    [5, 'bad'],
    [7, { a: '3', b: '4' }],
    [8, { a: '5', b: '6\n7' }],
    [10, 'bad'],
  ])
  assert.deepEqual(lineAndFields(await csv('a,b\r1,"x\ry"\r2\r')), [
    [2, { a: '1', b: 'x\ry' }],
    [4, 'bad'],
  ])
})

test('a stray quote costs its own row and no other', async () => {
  const rows = await csv('a,b\n"x"y,1\nz,q"q"\nw,"2" \n"v""","""3"\n,u"\n')
  assert.deepEqual(lineAndFields(rows), [
    [2, 'bad'],
    [3, 'bad'],
    [4, 'bad'],
    [5, { a: 'v"', b: '"3' }],
    [6, 'bad'],
  ])
})

test('text that is not UTF-8 is refused, row by row', async () => {
  // eslint-disable-next-line @typescript-eslint/require-await
  async function* latin1() {
    yield Buffer.from('a\n\ufffd\n')
    yield Buffer.from('caf\xe9\nok\n', 'latin1')
  }
  const inCsv = await collect(readDelimited(latin1(), { format: 'csv' }))
  assert.deepEqual(inCsv, [
    { line: 2, fields: { a: '\ufffd' } },
    { line: 3, problem: 'not UTF-8 text' },
    { line: 4, fields: { a: 'ok' } },
  ])
  const inNdjson = await collect(readNdjson(latin1()))
  assert.deepEqual(inNdjson[2], { line: 3, problem: 'not UTF-8 text' })
})

test('the delimiter is detected in the first line, unless it is given', async () => {
  const cells = async (text: string, options: Partial<DelimitedOptions> = {}) => {
    const detected: string[] = []
    const onDetected = (delimiter: string): void => void detected.push(delimiter)
    const rows = await collect(
      readDelimited(bytesOf(text), { format: 'csv', onDetected, ...options }),
    )
    return [detected.join(), ...rows.map((row) => ('problem' in row ? row.problem : row.fields))]
  }
  const ab = { a: '1,5', b: '2' }
  assert.deepEqual(await cells('a;b\n1,5;2\n'), [';', ab])
  assert.deepEqual(await cells('\n\na\tb\r\n1,5\t2'), ['\t', { a: '1,5', b: '2' }])
  assert.deepEqual(await cells('a|b\n"1,5"|2'), ['|', ab])
  assert.deepEqual(await cells('"a;b;c",d\n1,2'), ['', { 'a;b;c': '1', d: '2' }])
  assert.deepEqual(await cells('1,5;2;', { columns: ['a', 'b'] }), ['', { a: '1', b: '5;2;' }])
  assert.deepEqual(await cells('1,5,;2,5', { columns: ['a', 'b'] }), [';', { a: '1,5,', b: '2,5' }])
  assert.deepEqual(await cells('a;b\n1;2', { delimiter: ',' }), ['', { 'a;b': '1;2' }])
  assert.deepEqual(await cells('a::b\n1::2', { delimiter: '::' }), ['', { a: '1', b: '2' }])
  assert.deepEqual(await cells('a,b\n1,2', { format: 'tsv' }), ['', { 'a,b': '1,2' }])
})

test('a header can be skipped, or be absent', async () => {
  const read = async (options: Partial<DelimitedOptions>) =>
    lineAndFields(
      await collect(readDelimited(bytesOf('x,y\n1,2\n'), { format: 'csv', ...options })),
    )
  assert.deepEqual(await read({ header: false }), [
    [1, { '1': 'x', '2': 'y' }],
    [2, { '1': '1', '2': '2' }],
  ])
  assert.deepEqual(await read({ header: true, columns: ['a', 'b'] }), [[2, { a: '1', b: '2' }]])
  await assert.rejects(read({ header: true, columns: ['a'] }), /line 1: 2 cells instead of 1/)
  await assert.rejects(csv('a,"b\n1,2\n'), /line 1: a quote is not closed, in the header/)
})

test('a header that names a column twice is refused, as one of them would be lost', async () => {
  await assert.rejects(csv('a,a\n1,2\n'), DataError)
})

test('the format comes from the flag, else from the extension', () => {
  assert.equal(rowFormatOf('x.JSONL', undefined), 'ndjson')
  assert.equal(rowFormatOf('dir.csv/x.tsv', undefined), 'tsv')
  assert.equal(rowFormatOf('x.txt', 'csv'), 'csv')
  assert.equal(rowFormatOf(undefined, undefined), 'ndjson')
  assert.equal(rowFormatOf('-', undefined), 'ndjson')
  assert.equal(rowFormatOf('x.csv.gz', undefined), 'csv')
  assert.equal(rowFormatOf('x.TSV.ZST', undefined), 'tsv')
  assert.throws(() => rowFormatOf('x.txt', undefined), UsageError)
})
