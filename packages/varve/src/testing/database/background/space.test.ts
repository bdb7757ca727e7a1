import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryFileSystem } from '../../../fs/simulated/memory-file-system.js'
import { open } from '../../../index.js'
import { VirtualClock } from '../../kit/virtual-clock.js'
import type { OpenOptions } from '../../../db/api.js'
import type { Database } from '../../../db/database.js'

const KiB = 1024
const records = 4000
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

function options(given: OpenOptions = {}): OpenOptions {
  return {
    background: 'inline',
    fileSystem: new MemoryFileSystem(),
    memtableBytes: 256 * KiB,
    codec: 'none',
    tableBytes: 64 * KiB,
    ...given,
  }
}

function keyOf(i: number): string {
  return `key ${String(i).padStart(6, '0')}`
}

/** A compacted tree with all records on the last level. */
async function filled(given?: OpenOptions): Promise<Database<string, string>> {
  const db = await open('/db', options(given))
  for (let i = 0; i < records; i++) await db.put(keyOf(i), 'value'.repeat(30))
  await db.compact()
  return db
}

function tableBytes(db: Database<string, string>): number {
  return db.stats().tables.sizeBytes
}

test('a cleared range gives its space back without reads', async () => {
  await using db = await filled()
  const before = db.stats()
  await db.clear({ gte: keyOf(100), lt: keyOf(3900) })
  await db.flush()
  const { bytes, compactions, tables } = db.stats()
  assert.ok(tables.sizeBytes < 0.25 * before.tables.sizeBytes, `${tables.sizeBytes} bytes`)
  assert.ok(compactions.drops > before.compactions.drops)
  assert.ok(bytes.compactionRead - before.bytes.compactionRead < 0.25 * before.tables.sizeBytes)
  assert.equal([...db.keys()].length, 200)
})

test('a cleared range keeps its space while a snapshot sees it', async () => {
  await using db = await filled()
  const before = tableBytes(db)
  const snapshot = db.snapshot()
  await db.clear()
  await db.flush()
  assert.ok(tableBytes(db) >= before)
  assert.equal([...snapshot.keys()].length, records)
  snapshot.close()
  await nextTurn()
  assert.ok(tableBytes(db) < 4 * KiB, `${tableBytes(db)} bytes`)
  assert.deepEqual([...db.keys()], [])
})

test('space held by the oldest snapshot is freed when it closes, not before', async () => {
  await using db = await filled()
  const before = tableBytes(db)
  const oldest = db.snapshot()
  const beside = db.snapshot()
  for (let i = 0; i < records; i++) if (i % 4 > 0) await db.del(keyOf(i))
  await db.flush()
  const newer = db.snapshot()
  for (const snapshot of [newer, beside]) {
    snapshot.close()
    await nextTurn()
    assert.ok(tableBytes(db) >= before, `${tableBytes(db)} of ${before} bytes`)
  }
  oldest.close()
  await nextTurn()
  assert.ok(tableBytes(db) < 0.3 * before, `${tableBytes(db)} of ${before} bytes`)
})

test('closing a snapshot that held no space does not read tables', async () => {
  const clock = new VirtualClock()
  const db = await filled({ clock })
  for (let i = 0; i < records; i++) if (i % 4 > 0) await db.del(keyOf(i))
  await db.flush()
  let looks = 0
  clock.nextTurn = () => looks++
  for (let i = 0; i < 10; i++) {
    using snapshot = db.snapshot()
    assert.ok(snapshot.getSync(keyOf(40)) !== undefined)
    await db.put(keyOf(i), 'newer')
    await db.flush()
  }
  assert.equal(looks, 0)
  const late = db.snapshot()
  await db.del(keyOf(4))
  await db.close()
  late.close()
})

for (const policy of ['leveled', 'sizeTiered', 'lazyLeveled'] as const) {
  test(`records deleted one by one give their space back, under ${policy}`, async () => {
    await using db = await filled({ compaction: policy })
    const before = tableBytes(db)
    for (let i = 0; i < records; i++) if (i % 4 > 0) await db.del(keyOf(i))
    await db.flush()
    assert.ok(tableBytes(db) < 0.3 * before, `${tableBytes(db)} of ${before} bytes`)
    assert.equal([...db.keys()].length, records / 4)
    assert.ok(
      db.levels().every(({ tables }) => tables.every(({ deleteCount }) => deleteCount === 0)),
    )
  })
}

/** Overwrites all records under a snapshot, so that the last level holds both versions. */
async function overwrittenUnderSnapshot(
  db: Database<string, string>,
): Promise<{ close(): void; value: (i: number) => string | undefined }> {
  const snapshot = db.snapshot()
  for (let i = 0; i < records; i++) await db.put(keyOf(i), 'newer'.repeat(30))
  await db.compact()
  return { close: () => snapshot.close(), value: (i) => snapshot.getSync(keyOf(i)) }
}

function shadowedCount(db: Database<string, string>): number {
  const tables = db.levels().flatMap((level) => level.tables)
  return tables.reduce((sum, table) => sum + table.shadowedCount, 0)
}

for (const policy of ['leveled', 'sizeTiered', 'lazyLeveled', 'adaptive'] as const) {
  test(`closing a snapshot frees the overwritten entries it held, under ${policy}`, async () => {
    await using db = await filled({ compaction: policy })
    const before = tableBytes(db)
    const snapshot = await overwrittenUnderSnapshot(db)
    assert.ok(tableBytes(db) > 1.9 * before, `${tableBytes(db)} of ${before} bytes`)
    assert.equal(shadowedCount(db), records)
    await db.compact()
    assert.equal(shadowedCount(db), records)
    assert.equal(snapshot.value(17), 'value'.repeat(30))
    snapshot.close()
    await nextTurn()
    assert.equal(shadowedCount(db), 0)
    assert.ok(tableBytes(db) < 1.1 * before, `${tableBytes(db)} of ${before} bytes`)
    assert.equal(db.getSync(keyOf(17)), 'newer'.repeat(30))
  })
}

test('open and compact free overwritten entries', async () => {
  for (const garbageShare of [0.25, Infinity]) {
    const compaction = { policy: 'leveled', garbageShare } as const
    const given = { fileSystem: new MemoryFileSystem(), compaction }
    const db = await filled(given)
    const before = tableBytes(db)
    await overwrittenUnderSnapshot(db)
    await db.close()
    await using reopened = await open('/db', options(given))
    if (garbageShare === Infinity) {
      assert.equal(shadowedCount(reopened), records)
      await reopened.compact()
    } else await nextTurn()
    assert.equal(shadowedCount(reopened), 0)
    assert.ok(tableBytes(reopened) < 1.1 * before, `${tableBytes(reopened)} of ${before} bytes`)
  }
})

test('entries that an older snapshot does not see are freed while it is open', async () => {
  await using db = await open('/db', options())
  const oldest = db.snapshot()
  for (let i = 0; i < records; i++) await db.put(keyOf(i), 'value'.repeat(30))
  const snapshot = await overwrittenUnderSnapshot(db)
  assert.equal(shadowedCount(db), records)
  snapshot.close()
  await nextTurn()
  assert.equal(shadowedCount(db), 0)
  assert.deepEqual([...oldest.keys()], [])
  oldest.close()
})

test('entries cleared under a snapshot are freed after a merge joins both tables', async () => {
  await using db = await filled()
  const before = tableBytes(db)
  const snapshot = db.snapshot()
  await db.clear({ gte: keyOf(records / 10) })
  await db.compact()
  assert.equal(shadowedCount(db), 0.9 * records)
  assert.equal([...snapshot.keys()].length, records)
  snapshot.close()
  await nextTurn()
  assert.ok(tableBytes(db) < 0.2 * before, `${tableBytes(db)} of ${before} bytes`)
  assert.equal([...db.keys()].length, records / 10)
})

test('a few overwritten entries do not cause a table to be rewritten', async () => {
  await using db = await filled()
  const snapshot = db.snapshot()
  for (let i = 0; i < records; i += 20) await db.put(keyOf(i), 'newer'.repeat(30))
  await db.compact()
  const before = db.stats().bytes.compaction
  snapshot.close()
  await nextTurn()
  assert.equal(db.stats().bytes.compaction, before)
  await db.compact()
  assert.equal(shadowedCount(db), 0)
})

test('a few deletes do not cause a large tree to be rewritten', async () => {
  await using db = await filled()
  const before = db.stats().bytes.compaction
  for (let i = 0; i < records; i += 20) await db.del(keyOf(i))
  await db.flush()
  assert.equal(db.stats().bytes.compaction, before)
})

test('a table moves down after many reads that found nothing in it', async () => {
  await using db = await filled({ filterBitsPerKey: 0 })
  await db.put(keyOf(0), 'newer')
  await db.put(keyOf(records), 'newer')
  await db.flush()
  assert.equal(db.levels()[0].tables.length, 1)
  for (let i = 1; i < 500; i++) db.getSync(keyOf(i))
  await nextTurn()
  assert.equal(db.levels()[0].tables.length, 0)
  const reads = db.stats().operations.gets
  for (let i = 1; i < 1000; i++) db.getSync(keyOf(i))
  await nextTurn()
  assert.equal(db.stats().operations.gets, reads + 999)
})

test('idle tables are rewritten at a maximum age, if the option is set', async () => {
  const clock = new VirtualClock()
  let wallMs = 1_000_000
  clock.wallMs = () => wallMs
  const compaction = { policy: 'leveled', maxTableAgeMs: 3_600_000 } as const
  await using db = await filled({ clock, compaction, codec: 'deflate' })
  const written = (): number[] =>
    db.levels().flatMap(({ tables }) => tables.map(({ writtenAtMs }) => writtenAtMs))
  const pass = (ms: number): void => {
    wallMs += ms
    clock.advance(ms)
  }
  assert.ok(written().every((atMs) => atMs === 1_000_000))
  pass(3_000_000)
  assert.ok(written().every((atMs) => atMs === 1_000_000))
  for (let i = 0; i < 12; i++) pass(60_000)
  assert.ok(written().every((atMs) => atMs > 4_000_000))
  const { count } = db.stats().compactions
  pass(60_000)
  assert.equal(db.stats().compactions.count, count)
})
