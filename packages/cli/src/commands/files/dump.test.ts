import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { open } from 'varve'
import { temporaryFolder, varveIn } from '../../testing/run-varve.js'

const expiringFixture = fileURLToPath(
  new URL('../../../../varve/testdata/format-1-expiring', import.meta.url),
)

test('dump: tables, logs and MANIFESTs as text and JSON, by name and by path', async (t) => {
  const folder = temporaryFolder(t)
  const varve = varveIn(folder)
  const directory = join(folder, 'data')
  await using db = await open(directory, { valueEncoding: 'binary' })
  await db.put('a', Buffer.from('text'))
  await db.put('b', Buffer.alloc(100, 0xff))
  const snapshot = db.snapshot()
  await db.clear({ prefix: 'x' })
  await db.flush()
  snapshot.close()
  await db.batch([
    { type: 'put', key: 'c', value: Buffer.from('1') },
    { type: 'del', key: 'a' },
  ])
  const names = readdirSync(directory)
  const table = names.find((name) => name.endsWith('.sst'))!
  const text = await varve(['dump', table, '--values', '3'])
  assert.equal(text.exit, 0, text.err)
  assert.match(text.out, /^\d+\.sst: table, .*\n/)
  assert.match(text.out, / properties 2 entries, a … y, #1 to #3, codec lz4\n/)
  assert.match(text.out, /\n +16 {2}block +\d+ B, 2 entries, a … b\n/)
  assert.match(text.out, /\n +#1 +put +a\ttex … 1 bytes more\n/)
  assert.match(text.out, /\n +#2 +put +b\t\\xff\\xff\\xff … 97 bytes more\n/)
  assert.match(text.out, /\n +#3 +range delete x … y\n/)

  const json = await varve([
    'dump',
    join(directory, table),
    '--json',
    '--gte',
    'b',
    '--values',
    '2',
  ])
  const items = json.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string })
  assert.deepEqual(
    items.find(({ type }) => type === 'entry'),
    { type: 'entry', kind: 'put', sequence: 2, key: 'b', value: { hex: 'ffff' }, valueBytes: 100 },
  )
  assert.deepEqual(
    (await varve(['dump', table, '--limit', '1', '--key-encoding', 'hex'])).out.match(/put.*/g),
    ['put     61\ttext'],
  )

  const logs = names.filter((name) => name.endsWith('.log'))
  const log = (await varve(['dump', logs.at(-1)!])).out
  assert.match(
    log,
    /\n +\d+ {2}commit +#4, 2 operations, \d+ B\n +#4 +put +c\t1\n +#5 +delete +a\n/,
  )
  const manifest = names.find((name) => name.startsWith('MANIFEST'))!
  assert.match((await varve(['dump', manifest])).out, /edit +.*L0 \+ \d+ \(a … y\)\n/)
  assert.match((await varve(['dump', 'CURRENT'])).out, new RegExp(`  ${manifest}\n$`))
  assert.equal((await varve(['dump', 'LOCK'])).exit, 1)
})

test('dump: puts that expire are shown with their moment', async (t) => {
  const varve = varveIn(temporaryFolder(t))
  const dumped = async (name: string, ...flags: string[]): Promise<string> => {
    const { out, exit, err } = await varve(['dump', join(expiringFixture, name), ...flags])
    assert.equal(exit, 0, err)
    return out
  }
  const table = await dumped('000006.sst')
  assert.match(table, / codec none, 2 expire, the last at 4253-11-24T01:22:57.664Z\n/)
  assert.match(table, /\n +#3 +put until 2024-01-01T00:00:01.000Z expires\tvalue\n/)
  assert.match(table, /\n +#4 +put until 4253-11-24T01:22:57.664Z lasts\tas long as can be\n/)
  assert.match(await dumped('000005.log'), /\n +#6 +put until 2024-01-01T00:00:03.000Z empty\t\n/)
  const older = await dumped('000004.sst')
  assert.match(older, /\n +#1 +put +expires\tolder\n/)
  assert.ok(!/until|expire,/.test(older), older)

  const lines = (await dumped('000006.sst', '--json')).trim().split('\n')
  const items = lines.map((line) => JSON.parse(line) as { type: string })
  assert.deepEqual(
    items.find(({ type }) => type === 'entry'),
    {
      type: 'entry',
      kind: 'put',
      sequence: 3,
      key: 'expires',
      value: 'value',
      valueBytes: 5,
      expiresAtMs: Date.UTC(2024, 0, 1, 0, 0, 1),
    },
  )
})
