import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import * as zlib from 'node:zlib'
import { temporaryFolder, varveIn } from '../../testing/run-varve.js'

const csv = 'id,name\n1,Ólafur\n2,東京\n'
const scanned = '1\t{"id":"1","name":"Ólafur"}\n2\t{"id":"2","name":"東京"}\n'
const csvFlags = ['--key', '{id}', '--format', 'csv']

test('gzip and zstd are known by their bytes, whatever the file is called', async (t) => {
  const folder = temporaryFolder(t)
  const varve = varveIn(folder)
  const members = Buffer.concat([zlib.gzipSync(csv.slice(0, 9)), zlib.gzipSync(csv.slice(9))])
  const inputs: [name: string, bytes: Buffer][] = [
    ['rows.csv.gz', zlib.gzipSync(csv)],
    ['rows.csv', zlib.gzipSync(csv)],
    ['members.gz', members],
    ['plain.csv.gz', Buffer.from(csv)],
  ]
  const { zstdCompressSync } = zlib as { zstdCompressSync?: (text: string) => Buffer }
  if (zstdCompressSync !== undefined) inputs.push(['rows.csv.zst', zstdCompressSync(csv)])
  for (const [name, bytes] of inputs) {
    const [file, db] = [join(folder, name), join(folder, `db-${name}`)]
    writeFileSync(file, bytes)
    const { exit, err } = await varve(['import', file, ...csvFlags, '--db', db])
    assert.deepEqual({ exit, err }, { exit: 0, err: '' }, name)
    assert.equal((await varve(['scan', '--db', db])).out, scanned, name)
  }
})

test('an export called .gz is compressed, and comes back', async (t) => {
  const folder = temporaryFolder(t)
  const varve = varveIn(folder)
  await varve(['import', '-', ...csvFlags], csv)
  const file = join(folder, 'all.ndjson.gz')
  assert.equal((await varve(['export', file])).exit, 0)
  const plain = zlib.gunzipSync(readFileSync(file)).toString()
  assert.equal(plain, (await varve(['export', '-'])).out)
  assert.equal((await varve(['import', file, '--db', join(folder, 'copy')])).exit, 0)
  assert.equal((await varve(['scan', '--db', join(folder, 'copy')])).out, scanned)
})

test('a compressed file that is cut short fails, and the rows before the cut are in', async (t) => {
  const folder = temporaryFolder(t)
  const varve = varveIn(folder)
  const file = join(folder, 'cut.csv.gz')
  writeFileSync(file, zlib.gzipSync(csv).subarray(0, -9))
  const { exit, err } = await varve(['import', file, ...csvFlags])
  assert.equal(exit, 1)
  assert.match(err, /^varve: the gzip data is damaged or cut short: .*imported before that\)\n$/)
})

test('binary input is refused with its kind where that is known', async (t) => {
  const folder = temporaryFolder(t)
  const varve = varveIn(folder)
  const inputs: [bytes: Buffer, kind: RegExp][] = [
    [Buffer.from('PK\x03\x04\x14\0\0\0'), /binary \(a zip archive/],
    [Buffer.from('SQLite format 3\0\x10\0'), /binary \(an SQLite database\)/],
    [Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'latin1'), /is binary, not NDJSON/],
    [Buffer.from('id,name\n1,x\n', 'utf16le'), /is binary, not NDJSON/],
    [zlib.gzipSync(zlib.gzipSync(csv)), /is binary, not NDJSON/],
  ]
  for (const [bytes, kind] of inputs) {
    for (const format of ['ndjson', 'csv']) {
      writeFileSync(join(folder, 'input'), bytes)
      const { exit, err } = await varve(['import', join(folder, 'input'), '--format', format])
      assert.equal(exit, 1, kind.source)
      assert.match(err, kind)
    }
  }
  mkdirSync(join(folder, 'directory.csv'))
  assert.match(
    (await varve(['import', join(folder, 'directory.csv')])).err,
    /is a directory; --from/,
  )
})

test('text of Windows programs is read: byte order marks, UTF-16, semicolons', async (t) => {
  const folder = temporaryFolder(t)
  const varve = varveIn(folder)
  const swapped = Buffer.from('\ufeff' + csv, 'utf16le').swap16()
  const inputs: Buffer[] = [
    Buffer.from('\ufeff' + csv),
    Buffer.from('\ufeff' + csv.replaceAll('\n', '\r\n').replaceAll(',', ';')),
    Buffer.from('\ufeff' + csv, 'utf16le'),
    swapped,
  ]
  for (const [index, bytes] of inputs.entries()) {
    const [file, db] = [join(folder, `${index}.csv`), join(folder, `db-${index}`)]
    writeFileSync(file, bytes)
    const { exit, err } = await varve(['import', file, '--key', '{id}', '--db', db])
    assert.equal(exit, 0, err)
    assert.equal(
      err,
      index === 1 ? "varve: the cells are separated by ';'; --delimiter overrides this\n" : '',
    )
    assert.equal((await varve(['scan', '--db', db])).out, scanned)
  }
})

test('nothing in, nothing out: an empty file is no error', async (t) => {
  const varve = varveIn(temporaryFolder(t))
  for (const format of ['ndjson', 'csv', 'tsv']) {
    const { exit, out } = await varve(['import', '-', '--format', format])
    assert.equal(exit, 0)
    assert.match(out, /^imported 0 rows, skipped 0, /)
  }
})

test('rows of one key are counted', async (t) => {
  const varve = varveIn(temporaryFolder(t))
  const rows = 'a,b\nx,1\ny,2\nx,3\nx,4\n'
  for (const batch of ['1', '1000']) {
    await varve(['clear', '--all'])
    const flags = ['import', '--format', 'csv', '--key', '{a}', '--batch', batch]
    assert.match((await varve(flags, rows)).out, /^imported 4 rows \(2 replaced an entry/)
    const again = JSON.parse((await varve([...flags, '--json'], rows)).out) as { replaced: number }
    assert.equal(again.replaced, 4)
  }
})

test('a key that no row can have ends the import, and says what there is', async (t) => {
  const varve = varveIn(temporaryFolder(t))
  const flags = ['import', '--format', 'csv', '--on-error', 'skip']
  const noKey = await varve(flags, csv)
  assert.equal(noKey.exit, 1)
  assert.match(noKey.err, /without --key, rows need .*; this file has id, name\. .* --key '\{id\}'/)
  const missing = await varve([...flags, '--key', '{nope}'], csv)
  assert.match(missing.err, /field 'nope' is missing; the row has id, name/)
  const misplaced = await varve(['import', '--no-header'], '{}')
  assert.deepEqual([misplaced.exit, misplaced.err.slice(0, 7)], [2, 'varve: '])
})

test('control characters of the input are not printed', async (t) => {
  const varve = varveIn(temporaryFolder(t))
  const { err } = await varve(['import', '--key', '{\u001b[2J}'], '{"\\u001b[31m":1}\n')
  // eslint-disable-next-line no-control-regex
  assert.doesNotMatch(err, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
  assert.match(err, /\\x1b\[2J.*\\x1b\[31m/)
})
