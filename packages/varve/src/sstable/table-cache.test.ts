import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryFileSystem } from '../fs/simulated/memory-file-system.js'
import { PointLookup } from '../entry/point-lookup.js'
import { LocalTableStore } from '../store/local-table-store.js'
import { type KnownTable, TableCache } from './table-cache.js'
import { readContext, writeTable } from './testing/random-table.js'

const key = Buffer.from('key')

function cacheOf(
  count: number,
  maxOpenTables: number,
): { cache: TableCache; tables: KnownTable[] } {
  const fs = new MemoryFileSystem()
  fs.makeDirectory('/db')
  const store = new LocalTableStore(fs, '/db')
  const tables = Array.from({ length: count }, (_, i) => {
    const entry = { key, sequence: i + 1, kind: 1, value: Buffer.alloc(i + 1) }
    return { ...writeTable(fs, store.nameOf(i), [entry]), fileNumber: i }
  })
  return { cache: new TableCache(store, readContext(), maxOpenTables), tables }
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
