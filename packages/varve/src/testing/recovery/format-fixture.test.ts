import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { MemoryFileSystem } from '../../fs/simulated/memory-file-system.js'
import { open } from '../../index.js'
import { VirtualClock } from '../kit/virtual-clock.js'
import { restoreBackup, verifyBackups } from '../../tools/index.js'

// Databases written with format version 1. They are permanent: every release must read them. The
// second fixture has two sorted runs on one level, the third has entries that expire, the fourth
// has entries shadowed by newer ones in the same table, and the fifth has keyspaces.
const fixtures = ['format-1', 'format-1-runs']
const expiringFixture = 'format-1-expiring'
const shadowedFixture = 'format-1-shadowed'
const keyspacesFixture = 'format-1-keyspaces'
/** Tables of format version 2, with blocks of both encoders of LZ4. */
const lz4Fixture = 'format-2'
/** A table of format version 2 for the secret of its filter, which the MANIFEST has too. */
const secretFixture = 'format-2-secret'

const inline = { background: 'inline' } as const

/** For fixtures older than filter secrets: it draws the secret 0, which means none. */
class ClockWithoutSecret extends VirtualClock {
  override uniqueToken(): string {
    return '0'.repeat(16)
  }
}

/** The entries: forty keys, then changes in a second table, then changes in the log. */
function expectedEntries(): [string, string][] {
  const entries: [string, string][] = []
  for (let i = 0; i < 30; i++) {
    if (i === 2 || i === 4 || (i >= 10 && i < 20)) continue
    entries.push([`key ${String(i).padStart(3, '0')}`, `value ${i}`])
  }
  entries[1][1] = 'newer'
  entries[2][1] = 'in the log'
  return [...entries, ['z', 'last']]
}

/** Writes the fixture with entries that expire, in two tables and the log. */
async function writeExpiring(fileSystem: MemoryFileSystem): Promise<void> {
  const clock = new ClockWithoutSecret()
  const db = await open('/db', { ...inline, fileSystem, clock, codec: 'none' })
  await db.put('expires', 'older')
  await db.put('stays', 'value')
  await db.flush()
  await db.put('expires', 'value', { ttlMs: 1000 })
  await db.put('lasts', 'as long as can be', { ttlMs: 2 ** 46 })
  await db.flush()
  await db.batch([
    { type: 'put', key: 'logged', value: 'in the log', ttlMs: 2000 },
    { type: 'put', key: 'empty', value: '', ttlMs: 3000 },
  ])
  await db.close()
}

/**
 * Writes the fixture with shadowed entries: a flushed table, and a merged one with range deletes.
 */
async function writeShadowed(fileSystem: MemoryFileSystem): Promise<void> {
  const clock = new ClockWithoutSecret()
  const db = await open('/db', { ...inline, fileSystem, clock, codec: 'none' })
  await db.put('deleted', 'older')
  await db.put('range', 'older')
  const first = db.snapshot()
  await db.clear({ prefix: 'range' })
  await db.del('deleted')
  await db.compact()
  await db.put('twice', 'older')
  const second = db.snapshot()
  await db.put('twice', 'newer')
  await db.flush()
  await db.close()
  for (const snapshot of [first, second]) snapshot.close()
}

/** Writes the fixture with keyspaces: one in a table and the log, one empty, one dropped. */
async function writeKeyspaces(fileSystem: MemoryFileSystem): Promise<void> {
  const clock = new ClockWithoutSecret()
  const db = await open('/db', { ...inline, fileSystem, clock, codec: 'none' })
  const dropped = await db.keyspace('dropped')
  const users = await db.keyspace('users', { compaction: 'sizeTiered', ttlMs: 2 ** 46 })
  await db.keyspace('empty', { filterBitsPerKey: 4 })
  await dropped.put('gone', 'value')
  await users.put('ann', 'in a table')
  await users.flush()
  await dropped.drop()
  await db.batch([
    { type: 'put', key: 'count', value: '2' },
    { keyspace: users, type: 'put', key: 'bob', value: 'in the log' },
  ])
  await db.close()
}

/** Writes the fixture with compressed blocks: one table of each encoder. */
async function writeLz4(fileSystem: MemoryFileSystem): Promise<void> {
  const codec = { level0: 'lz4', last: 'lz4hc' }
  const options = { ...inline, clock: new ClockWithoutSecret(), codec, blockBytes: 1024 }
  const db = await open('/db', { ...options, fileSystem })
  for (const [key, value] of lz4Entries.slice(0, 60)) await db.put(key, value)
  await db.compact()
  for (const [key, value] of lz4Entries.slice(60)) await db.put(key, value)
  await db.flush()
  await db.close()
}

/** Writes the fixture with a secret: a table with a filter, and the log. */
async function writeSecret(fileSystem: MemoryFileSystem): Promise<void> {
  const options = { ...inline, clock: new VirtualClock(), codec: 'none' }
  const db = await open('/db', { ...options, fileSystem })
  for (const [key, value] of lz4Entries.slice(0, 20)) await db.put(key, value)
  await db.flush()
  await db.put(...lz4Entries[20])
  await db.close()
}

const lz4Entries = Array.from({ length: 80 }, (_, i): [string, string] => {
  const population = Math.imul(i, 0x9e3779b1) >>> 8
  return [`city ${String(i).padStart(3, '0')}`, JSON.stringify({ name: `City ${i}`, population })]
})

/** The live entries of the fixture `passedMs` after it was written. */
function expiringEntriesAfter(passedMs: number): [string, string][] {
  const all: [string, string, number][] = [
    ['empty', '', 3000],
    ['expires', 'value', 1000],
    ['lasts', 'as long as can be', 2 ** 46],
    ['logged', 'in the log', 2000],
    ['stays', 'value', Infinity],
  ]
  return all.filter(([, , ttlMs]) => passedMs < ttlMs).map(([key, value]) => [key, value])
}

for (const fixture of fixtures) {
  test(`${fixture} can be read, changed and compacted`, async (t) => {
    const path = copyOf(fixture, t)
    const before = readdirSync(path).sort()
    const reader = await open(path, { readOnly: true })
    assert.deepEqual([...reader.entries()], expectedEntries())
    assert.equal(
      reader.levels().reduce((sum, { runs }) => sum + runs, 0),
      2,
    )
    await reader.close()
    assert.deepEqual(readdirSync(path).sort(), before, 'reads change nothing')

    const db = await open(path, inline)
    await db.put('new', 'entry')
    await db.compact()
    const expected = [...expectedEntries(), ['new', 'entry']].sort(([a], [b]) => (a < b ? -1 : 1))
    assert.deepEqual([...db.entries()], expected)
    await db.close()
  })
}

test(`${expiringFixture} can be read, changed and compacted around each expiry`, async (t) => {
  for (const ttlMs of [1000, 2000, 3000, 2 ** 46]) {
    for (const passedMs of [ttlMs - 1, ttlMs]) {
      const path = copyOf(expiringFixture, t)
      const expected = expiringEntriesAfter(passedMs)
      const options = { ...inline, clock: new VirtualClock(0, passedMs) }
      const reader = await open(path, { ...options, readOnly: true })
      assert.deepEqual([...reader.entries()], expected, `after ${passedMs} ms`)
      await reader.close()
      const db = await open(path, options)
      await db.put('new', 'entry')
      await db.compact()
      const sorted = [...expected, ['new', 'entry']].sort(([a], [b]) => (a < b ? -1 : 1))
      assert.deepEqual([...db.entries()], sorted, `compacted after ${passedMs} ms`)
      await db.close()
    }
  }
})

test(`${shadowedFixture} can be read, and a compaction drops its shadowed entries`, async (t) => {
  const path = copyOf(shadowedFixture, t)
  const reader = await open(path, { readOnly: true })
  assert.deepEqual([...reader.entries()], [['twice', 'newer']])
  const shadowed = (db: typeof reader): number[] =>
    db.levels().flatMap(({ tables }) => tables.map(({ shadowedCount }) => shadowedCount))
  assert.deepEqual(shadowed(reader), [1, 2])
  await reader.close()
  const db = await open(path, inline)
  await db.compact()
  assert.deepEqual([...db.entries()], [['twice', 'newer']])
  assert.deepEqual(shadowed(db), [0])
  await db.close()
})

test(`${keyspacesFixture} can be read, changed and compacted`, async (t) => {
  const path = copyOf(keyspacesFixture, t)
  const entries = [
    ['ann', 'in a table'],
    ['bob', 'in the log'],
  ]
  for (const options of [{ readOnly: true }, inline, inline]) {
    const db = await open(path, { ...options, clock: new VirtualClock() })
    assert.deepEqual([...db.entries()], [['count', '2']])
    assert.deepEqual(
      db.keyspaces().map(({ name, ttlMs }) => [name, ttlMs]),
      [
        ['users', 2 ** 46],
        ['empty', undefined],
      ],
    )
    const users = await db.keyspace('users')
    assert.deepEqual([...users.entries()], entries)
    if (!('readOnly' in options)) await users.compact()
    await db.close()
  }
})

test(`${lz4Fixture} is read, changed and compacted with any codec`, async (t) => {
  for (const codec of ['none', 'lz4', 'lz4hc', 'deflate']) {
    const path = copyOf(lz4Fixture, t)
    const reader = await open(path, { readOnly: true })
    assert.deepEqual([...reader.entries()], lz4Entries)
    await reader.close()
    const db = await open(path, { ...inline, codec })
    await db.put('z', 'last')
    await db.compact()
    assert.deepEqual([...db.entries()], [...lz4Entries, ['z', 'last']])
    await db.close()
  }
})

test(`${secretFixture} is read through its filter, changed and compacted`, async (t) => {
  const path = copyOf(secretFixture, t)
  const entries = lz4Entries.slice(0, 21)
  const reader = await open(path, { readOnly: true })
  for (const [key, value] of entries) assert.equal(reader.getSync(key), value)
  for (const [key] of entries) assert.equal(reader.getSync(`${key}!`), undefined)
  const { probes, useful } = reader.stats().filters
  assert.ok(probes >= 39 && useful >= 15, `${useful} of ${probes}`)
  await reader.close()
  const db = await open(path, inline)
  await db.put('z', 'last')
  await db.compact()
  assert.deepEqual([...db.entries()], [...entries, ['z', 'last']])
  await db.close()
})

// After a deliberate format change, keep the old fixture in the test above and add a new one here.
for (const [fixture, write] of [
  [expiringFixture, writeExpiring],
  [shadowedFixture, writeShadowed],
  [keyspacesFixture, writeKeyspaces],
  [lz4Fixture, writeLz4],
  [secretFixture, writeSecret],
] as const) {
  test(`today's code writes ${fixture} byte for byte`, async () => {
    const fs = new MemoryFileSystem()
    await write(fs)
    const names = fs.list('/db').sort()
    assert.deepEqual(names, readdirSync(pathOf(fixture)).sort())
    for (const name of names) {
      const file = fs.openForRead(`/db/${name}`)
      const bytes = Buffer.alloc(file.sizeBytes())
      file.read(bytes, 0, bytes.length, 0)
      const kept = readFileSync(join(pathOf(fixture), name))
      assert.equal(bytes.toString('hex'), kept.toString('hex'), name)
    }
  })
}

for (const fixture of [
  ...fixtures,
  expiringFixture,
  shadowedFixture,
  keyspacesFixture,
  lz4Fixture,
  secretFixture,
]) {
  test(`damage to any file of ${fixture} is reported with the file`, async (t) => {
    for (const name of readdirSync(pathOf(fixture))) {
      const path = copyOf(fixture, t)
      const file = join(path, name)
      const bytes = readFileSync(file)
      bytes[Math.floor(bytes.length / 3)] ^= 0x10
      writeFileSync(file, bytes)
      const readAll = async (): Promise<void> => {
        const db = await open(path, { readOnly: true })
        try {
          for (const entry of db.entries()) assert.equal(entry.length, 2)
          for (const { name } of db.keyspaces()) {
            const keyspace = await db.keyspace(name)
            for (const entry of keyspace.entries()) assert.equal(entry.length, 2)
          }
        } finally {
          await db.close()
        }
      }
      await assert.rejects(readAll(), { code: 'CORRUPTION' }, name)
    }
  })
}

test('a backup of format 1 can be verified, restored and extended', async (t) => {
  const backups = copyOf('backup-1', t)
  assert.ok((await verifyBackups(backups)).isSound)
  const path = join(backups, 'restored')
  await restoreBackup(backups, path)
  const db = await open(path, inline)
  assert.deepEqual([...db.entries()], expectedEntries())
  const { generation, newTables } = await db.backup(backups)
  assert.deepEqual([generation, newTables], [2, 0])
  await db.close()
})

function pathOf(fixture: string): string {
  return fileURLToPath(new URL(`../../../testdata/${fixture}`, import.meta.url))
}

function copyOf(fixture: string, t: { after: (done: () => void) => void }): string {
  const path = mkdtempSync(join(tmpdir(), 'varve-format-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  cpSync(pathOf(fixture), path, { recursive: true })
  return path
}
