import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder, varveIn } from '../../testing/run-varve.js'

const csv = 'country,name,note\nDE,Berlin,"a ""q"", b"\nIS,Reykjavík,\nJP,Tokyo,"two\nlines"\n'
const keyFlags = ['--key', '{country}/{name}']

test('rows imported from CSV can be exported as rows and as pairs', async (t) => {
  const folder = temporaryFolder(t)
  const varve = varveIn(folder)
  writeFileSync(join(folder, 'in.csv'), csv)
  const imported = await varve(['import', join(folder, 'in.csv'), ...keyFlags, '--json'])
  assert.equal(imported.exit, 0, imported.err)
  const { imported: count, bytes } = JSON.parse(imported.out) as Record<string, number>
  assert.deepEqual([count, bytes], [3, Buffer.byteLength(csv)])
  assert.match((await varve(['get', 'IS/Reykjavík'])).out, /^\{"country":"IS",.*"note":""\}\n$/)

  const rows = await varve(['export', join(folder, 'out.csv'), '--rows'])
  assert.match(rows.err, /^exported 3 rows in /)
  assert.equal(readFileSync(join(folder, 'out.csv'), 'utf8'), csv)

  const pairs = await varve(['export'])
  assert.equal(pairs.out.split('\n').length, 4)
  const copied = await varve(['import', '--db', join(folder, 'copy')], pairs.out)
  assert.match(copied.out, /^imported 3 rows, skipped 0, /)
  assert.equal((await varve(['export', '--db', join(folder, 'copy')])).out, pairs.out)
})

test('pairs carry any bytes in hex, and refuse to lose them as text', async (t) => {
  const folder = temporaryFolder(t)
  const varve = varveIn(folder)
  await varve(['put', 'ff00', '80', '--key-encoding', 'hex', '--encoding', 'hex'])
  const text = await varve(['export'])
  assert.equal(text.exit, 1)
  assert.match(text.err, /is not UTF-8 text .*use hex/)
  const hexFlags = ['--key-encoding', 'hex', '--encoding', 'hex', '--format', 'tsv']
  const hex = await varve(['export', ...hexFlags])
  assert.equal(hex.out, 'key\tvalue\nff00\t80\n')
  assert.equal(
    (await varve(['import', '--db', join(folder, 'copy'), ...hexFlags], hex.out)).exit,
    0,
  )
  assert.equal((await varve(['export', '--db', join(folder, 'copy'), ...hexFlags])).out, hex.out)
})

const mixed = '{"id": 1, "v":"one"}\nbroken\n{"id":2}\n{"v":"no id"}\n{"id":5,"v":{"n":5}}\n'

test('bad rows are skipped when asked, each named by its line', async (t) => {
  const varve = varveIn(temporaryFolder(t))
  const flags = ['import', '--key', 'n{id}', '--value-field', 'v', '--on-error', 'skip']
  const { exit, out, err } = await varve(flags, mixed)
  assert.equal(exit, 0)
  assert.match(out, /^imported 2 rows, skipped 3, /)
  assert.match(
    err,
    /^varve: line 2: not JSON.*\n.*: line 3: field 'v' is missing.*\n.*: line 4: field 'id' is/,
  )
  assert.equal((await varve(['scan'])).out, 'n1\tone\nn5\t{"n":5}\n')
})

test('without that the first bad row ends the import; the rows before it are in', async (t) => {
  const varve = varveIn(temporaryFolder(t))
  const { exit, err } = await varve(['import', '--key', 'n{id}', '--json'], mixed)
  assert.equal(exit, 1)
  const { error } = JSON.parse(err) as { error: { code: string; message: string } }
  assert.equal(error.code, 'DATA')
  assert.match(error.message, /^line 2: not JSON.*\(1 row imported before that\)$/)
  assert.equal((await varve(['scan'])).out, 'n1\t{"id": 1, "v":"one"}\n')
})

test('a file of many batches arrives whole', async (t) => {
  const folder = temporaryFolder(t)
  const varve = varveIn(folder)
  const rows = Array.from({ length: 10_007 }, (_, i) => `${i}\t${'x'.repeat(i % 90)}`)
  writeFileSync(join(folder, 'many.tsv'), ['id\ttext', ...rows].join('\n'))
  const { out } = await varve([
    'import',
    join(folder, 'many.tsv'),
    '--key',
    '{id}',
    '--batch',
    '250',
  ])
  assert.match(out, /^imported 10,007 rows, skipped 0, .* rows\/s, .* MB\/s\n$/)
  const exported = await varve(['export', '--rows', '--format', 'tsv'])
  assert.deepEqual(exported.out.trimEnd().split('\n').slice(1).sort(), [...rows].sort())
})
