import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VarveError } from '../base/errors.js'
import { MemoryFileSystem } from '../fs/simulated/memory-file-system.js'
import { PointLookup } from '../entry/point-lookup.js'
import { LocalTableStore } from '../store/local-table-store.js'
import type { TableStore } from '../store/table-store.js'
import { SlowTableStore } from '../store/testing/slow-table-store.js'
import { type KnownTable, TableCache } from './table-cache.js'
import { readContext, writeTable } from './testing/random-table.js'

const key = Buffer.from('key')

function cacheOf(
  count: number,
  maxTables: number,
  storeOn: (local: TableStore) => TableStore = (local) => local,
  maxBytes = Infinity,
): { cache: TableCache; tables: KnownTable[] } {
  const fs = new MemoryFileSystem()
  fs.makeDirectory('/db')
  const store = new LocalTableStore(fs, '/db')
  const tables = Array.from({ length: count }, (_, i) => {
    const entry = { key, sequence: i + 1, kind: 1, value: Buffer.alloc(i + 1) }
    return { ...writeTable(fs, store.nameOf(i), [entry]), fileNumber: i }
  })
  return { cache: new TableCache(storeOn(store), readContext(), { maxTables, maxBytes }), tables }
}

test('opens on demand and keeps the most recently used', () => {
  const { cache, tables } = cacheOf(4, 2)
  const first = cache.get(tables[0])
  cache.get(tables[1])
  assert.equal(cache.get(tables[0]), first)
  cache.get(tables[2])
  assert.equal(cache.openTables, 2)
  assert.equal(cache.get(tables[0]), first)
  const { memoryBytes } = cache
  cache.get(tables[1])
  assert.equal(cache.openTables, 2)
  assert.equal(cache.memoryBytes, memoryBytes)
  cache.close()
  assert.equal(cache.openTables, 0)
  assert.equal(cache.memoryBytes, 0)
})

test('keeps within its bytes, but always the table in use', () => {
  const { cache: measured, tables: some } = cacheOf(1, 1)
  measured.get(some[0])
  const bytesEach = measured.memoryBytes
  measured.close()
  const { cache, tables } = cacheOf(5, 100, undefined, Math.floor(2.5 * bytesEach))
  for (const table of tables) cache.get(table)
  assert.equal(cache.openTables, 2)
  const pinned = cache.pin(tables[0])
  const other = cache.pin(tables[1])
  assert.equal(cache.get(tables[2]).fileNumber, 2)
  assert.equal(cache.openTables, 3, 'pinned tables are not evicted')
  cache.unpin(pinned)
  cache.unpin(other)
  cache.get(tables[3])
  assert.equal(cache.openTables, 2)
  cache.close()
})

test('a pinned table outlives pressure, eviction and the cache', () => {
  const { cache, tables } = cacheOf(4, 1)
  const pinned = cache.pin(tables[0])
  cache.get(tables[1])
  assert.equal(cache.get(tables[0]), pinned)
  assert.equal(cache.openTables, 2)
  cache.get(tables[2])
  assert.equal(cache.openTables, 2)
  cache.evict(tables[0].fileNumber)
  assert.notEqual(cache.get(tables[0]), pinned)
  cache.close()
  const lookup = new PointLookup()
  lookup.start(key, key.length, 100, true)
  pinned.get(lookup)
  assert.equal(lookup.sequence, 1)
  cache.unpin(pinned)
  assert.throws(() => pinned.verify())
})

test('a table that cannot be opened is not kept', () => {
  const { cache, tables } = cacheOf(1, 5)
  assert.throws(() => cache.get({ ...tables[0], fileNumber: 9 }), {
    code: 'IO',
    systemCode: 'ENOENT',
  })
  assert.equal(cache.openTables, 0)
})

test("a file with another table's content is refused", () => {
  const { cache, tables } = cacheOf(2, 5)
  const swapped = { ...tables[0], fileNumber: tables[1].fileNumber }
  assert.throws(() => cache.get(swapped), { code: 'CORRUPTION' })
  assert.equal(cache.openTables, 0)
})

test('tables that can only be opened asynchronously are found once they are open', async () => {
  const { cache, tables } = cacheOf(3, 2, (local) => new SlowTableStore(local))
  assert.equal(cache.find(tables[0]), undefined)
  assert.throws(() => cache.get(tables[0]), { code: 'UNSUPPORTED' })
  const missing = cache.missing(tables[0])
  assert.ok(missing.isAsyncOnly)
  const hold = await missing.load()
  const reader = cache.find(tables[0])
  assert.ok(reader?.isPinned)
  await cache.read(tables[1], () => {})
  await cache.read(tables[2], () => {})
  assert.equal(cache.find(tables[0]), reader, 'a held table stays open')
  hold!.release()
  await cache.read(tables[1], () => {})
  await cache.read(tables[2], () => {})
  assert.equal(cache.openTables, 2)
  assert.equal(cache.find(tables[0]), undefined)
  cache.close()
  assert.equal(cache.memoryBytes, 0)
})

test('reads that wait for the same table open it once, and each pins it', async () => {
  let opens = 0
  const { cache, tables } = cacheOf(1, 5, (local) =>
    countedOpens(local, () => Promise.resolve(void opens++)),
  )
  const readers = await Promise.all([1, 2, 3].map(() => cache.pinAsync(tables[0])))
  assert.equal(new Set(readers).size, 1)
  assert.equal(opens, 1)
  for (const reader of readers) {
    assert.ok(reader.isPinned)
    reader.unpin()
  }
  assert.ok(!readers[0].isPinned)
})

test('a failed opening fails the reads that wait for it; the next read retries', async () => {
  let failures = 1
  const { cache, tables } = cacheOf(1, 5, (local) =>
    countedOpens(local, () =>
      failures-- > 0 ? Promise.reject(new VarveError('IO', 'unreachable')) : Promise.resolve(),
    ),
  )
  const both = await Promise.allSettled([cache.pinAsync(tables[0]), cache.pinAsync(tables[0])])
  for (const { status } of both) assert.equal(status, 'rejected')
  const reader = await cache.pinAsync(tables[0])
  reader.unpin()
  const wrong = { ...tables[0], entryCount: 7 }
  cache.evict(tables[0].fileNumber)
  await assert.rejects(cache.pinAsync(wrong), { code: 'CORRUPTION' })
  assert.equal(cache.openTables, 0)
})

test('a table evicted while it is opened serves the waiting reads and is not kept', async () => {
  const { cache, tables } = cacheOf(1, 5, (local) => new SlowTableStore(local))
  const opening = cache.pinAsync(tables[0])
  cache.evict(tables[0].fileNumber)
  const reader = await opening
  assert.equal(cache.openTables, 0)
  assert.ok(reader.isPinned)
  reader.unpin()
  assert.throws(() => reader.unpin())
})

test('a table that arrives after the cache has closed is closed', async () => {
  const { cache, tables } = cacheOf(1, 5, (local) => new SlowTableStore(local))
  const opening = cache.pinAsync(tables[0])
  cache.close()
  await assert.rejects(opening, { code: 'CLOSED' })
  assert.equal(cache.openTables, 0)
})

/** An async-only store that calls `before` before each opening. */
function countedOpens(local: TableStore, before: () => Promise<void>): TableStore {
  return new SlowTableStore(local, (step) => (step === 'open' ? before() : Promise.resolve()))
}
