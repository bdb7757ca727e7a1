import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { open } from 'varve'
import { temporaryFolder, varveIn } from '../../testing/run-varve.js'

test('backup beside a living owner, list, verify, restore and prune', async (t) => {
  const folder = temporaryFolder(t)
  const varve = varveIn(folder)
  const [data, backups, restored] = ['data', 'backups', 'restored'].map((n) => join(folder, n))
  assert.match((await varve(['backup', data, backups])).err, /no such|ENOENT/)
  {
    await using db = await open(data)
    for (let i = 0; i < 500; i++) await db.put(`key ${i}`, `value ${i}`)
    await db.flush()
    await db.put('in the log', '1')
    const first = await varve(['backup', data, backups])
    assert.match(first.out, /^backup 1: 1 table, 1 new; [\d.]+ KiB, [\d.]+ KiB written\n$/)
    await db.put('later', '2')
    const second = await varve(['backup', data, backups])
    assert.match(second.out, /^backup 2: 1 table, 0 new; [\d.]+ KiB, \d+ B written\n$/)
  }
  const list = await varve(['backups', 'list', backups])
  assert.match(list.out, /^ {2}backup {2}made at \(UTC\) {12}sequence {2}tables {8}size {2}of\n/)
  assert.match(list.out, /\n {7}1 {2}20[\d-]+ [\d:]{8} {11}501 {7}1 +[\d.]+ KiB {2}.*data\n/)
  assert.match(list.out, /\n {7}2 {2}20[\d-]+ [\d:]{8} {11}502 {7}1 +[\d.]+ KiB {2}.*data\n$/)

  const older = await varve(['restore', backups, restored, '--generation', '1'])
  assert.match(older.out, /^backup 1 of .* restored to .*restored: 1 table, [\d.]+ KiB\n$/)
  assert.deepEqual(await varve(['get', 'in the log', '--db', restored]), {
    exit: 0,
    out: '1\n',
    err: '',
  })
  assert.equal((await varve(['get', 'later', '--db', restored])).exit, 3)
  const again = await varve(['restore', backups, restored])
  assert.deepEqual([again.exit, again.out], [1, ''])
  assert.match(again.err, /^varve: .*restored is not empty: choose a new or an empty dir/)

  const sound = await varve(['backups', 'verify', backups])
  assert.match(sound.out, /^backup 1: sound\nbackup 2: sound\n[\d.]+ KiB read\n$/)
  const table = readdirSync(join(backups, 'contents'))
    .map((name) => join(backups, 'contents', name))
    .find((path) => readFileSync(path).length > 4000)!
  const bytes = readFileSync(table)
  bytes[100] ^= 1
  writeFileSync(table, bytes)
  const damaged = await varve(['backups', 'verify', backups, '--generation', '2'])
  assert.equal(damaged.exit, 1)
  assert.match(
    damaged.out,
    /^backup 2: 1 problem\n {2}contents\/[0-9a-f]{64} \(\d+\.sst\): content differs from its hash/,
  )
  const refused = await varve(['restore', backups, join(folder, 'other'), '--json'])
  const { error } = JSON.parse(refused.err) as { error: { code: string } }
  assert.deepEqual([refused.exit, error.code], [1, 'CORRUPTION'])

  const pruned = await varve(['backups', 'prune', backups, '--keep', '1'])
  assert.match(pruned.out, /^1 backup removed, 1 kept; \d+ B freed\n$/)
  const left = JSON.parse((await varve(['backups', 'list', backups, '--json'])).out) as object[]
  assert.deepEqual(
    left.map((backup) => (backup as { generation: number }).generation),
    [2],
  )
  assert.equal((await varve(['backups', 'prune', backups])).exit, 2)
  assert.equal((await varve(['backups', 'prune', backups, '--keep', '0'])).exit, 2)
})
