import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryFileSystem } from '../fs/simulated/memory-file-system.js'
import { PointLookup } from '../entry/point-lookup.js'
import { TableCache } from './table-cache.js'
import { readContext, writeTable } from './testing/random-table.js'

const key = Buffer.from('key')

function cacheOf(tables: number, maxOpenTables: number): TableCache {
  const fs = new MemoryFileSystem()
  const pathOf = (fileNumber: number): string => `/${fileNumber}`
  for (let i = 1; i <= tables; i++) {
    writeTable(fs, pathOf(i), [{ key, sequence: i, kind: 1, value: Buffer.alloc(i) }])
  }
  return new TableCache(fs, pathOf, readContext(), maxOpenTables)
}

test('opens on demand and keeps those that were used last', () => {
  const cache = cacheOf(4, 2)
  const first = cache.get(1)
  cache.get(2)
  assert.equal(cache.get(1), first)
  cache.get(3)
  assert.equal(cache.openTables, 2)
  assert.equal(cache.get(1), first)
  const { memoryBytes } = cache
  cache.get(2)
  assert.equal(cache.openTables, 2)
  assert.equal(cache.memoryBytes, memoryBytes)
  cache.close()
  assert.equal(cache.openTables, 0)
  assert.equal(cache.memoryBytes, 0)
})

test('a pinned table outlives pressure, eviction and the cache', () => {
  const cache = cacheOf(4, 1)
  const pinned = cache.pin(1)
  cache.get(2)
  assert.equal(cache.get(1), pinned)
  assert.equal(cache.openTables, 2)
  cache.get(3)
  assert.equal(cache.openTables, 2)
  cache.evict(1)
  assert.notEqual(cache.get(1), pinned)
  cache.close()
  const lookup = new PointLookup()
  lookup.start(key, key.length, 100, true)
  pinned.get(lookup)
  assert.equal(lookup.sequence, 1)
  cache.unpin(pinned)
  assert.throws(() => pinned.verify())
})

test('a table that cannot be opened is not kept', () => {
  const cache = cacheOf(1, 5)
  assert.throws(() => cache.get(9), { code: 'IO', systemCode: 'ENOENT' })
  assert.equal(cache.openTables, 0)
})
