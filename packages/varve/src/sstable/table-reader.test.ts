import { forEachSeed } from '../base/testing/seed.js'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareBytes } from '../base/bytes/bytes.js'
import { Prng } from '../base/prng.js'
import { MemoryFileSystem } from '../fs/simulated/memory-file-system.js'
import type { FileSystem } from '../fs/file-system.js'
import { LookupState, PointLookup } from '../entry/point-lookup.js'
import type { TableReader } from './table-reader.js'
import { inputEntry } from '../testing/kit/input-entry.js'
import { TableWriter } from './table-writer.js'
import {
  openTable,
  plainOptions,
  randomEntries,
  randomKey,
  randomOptions,
  readContext,
  writeTable,
  type ModelEntry,
} from './testing/random-table.js'

const lookup = new PointLookup()

function get(reader: TableReader, key: Buffer, visible: number): ModelEntry | undefined {
  lookup.start(key, key.length, visible, true)
  reader.get(lookup)
  return answerFor(key)
}

function answerFor(key: Buffer): ModelEntry | undefined {
  if (lookup.state !== LookupState.found) return undefined
  const value = Buffer.from(lookup.valueBytes.subarray(lookup.valueStart, lookup.valueEnd))
  return { key, sequence: lookup.sequence, kind: lookup.kind, value }
}

function newestVisible(
  entries: readonly ModelEntry[],
  key: Buffer,
  visible: number,
): ModelEntry | undefined {
  return entries.find((e) => compareBytes(e.key, key) === 0 && e.sequence <= visible)
}

test('reads back all versions, at every visible sequence', () => {
  forEachSeed(60, (seed) => {
    const random = new Prng(seed)
    const fs: FileSystem = new MemoryFileSystem()
    const entries = randomEntries(random, random.between(1, 150))
    const summary = writeTable(fs, '/t', entries, randomOptions(random))
    const reader = openTable(fs, '/t', readContext(random.pick([0, 2000, 1 << 20])))
    assert.equal(summary.entryCount, entries.length)
    assert.equal(fs.openForRead('/t').sizeBytes(), summary.sizeBytes)
    reader.verify()
    for (const { key, sequence } of entries) {
      for (const visible of [Infinity, sequence, sequence - 1, random.between(0, 100_000)]) {
        assert.deepEqual(get(reader, key, visible), newestVisible(entries, key, visible))
      }
    }
    for (let i = 0; i < 50; i++) {
      const key = randomKey(random, 'user:')
      assert.deepEqual(get(reader, key, Infinity), newestVisible(entries, key, Infinity))
    }
    reader.close()
  })
})

test('the summary and the properties match the table', () => {
  const fs = new MemoryFileSystem()
  const writer = new TableWriter(fs.create('/t'), plainOptions, 5)
  const [b, d] = [Buffer.from('b'), Buffer.from('d')]
  writer.add(inputEntry({ key: b, sequence: 9, kind: 1, value: Buffer.from('value') }))
  writer.add(inputEntry({ key: b, sequence: 7, kind: 0, value: Buffer.alloc(0) }))
  writer.add(inputEntry({ key: d, sequence: 6, kind: 1, value: Buffer.from('al') }))
  writer.addRangeTombstone(Buffer.from('a'), Buffer.from('c'), 30)
  writer.addRangeTombstone(Buffer.from('c'), null, 8)
  const summary = writer.finish(new Map([['note', Buffer.from('hi')]]))
  const { sizeBytes, ...statistics } = summary
  assert.deepEqual(statistics, {
    range: { start: Buffer.from('a'), end: null },
    minSequence: 6,
    maxSequence: 30,
    entryCount: 3,
    deleteCount: 1,
    rangeDeleteCount: 2,
    expiringCount: 0,
    lastExpiryMs: 0,
    shadowedCount: 1,
    shadowedBytes: 1,
    oldestShadowed: 7,
    newestShadowing: 9,
    keyBytes: 3,
    valueBytes: 7,
  })
  const reader = openTable(fs, '/t')
  assert.equal(fs.openForRead('/t').sizeBytes(), sizeBytes)
  assert.deepEqual(reader.properties, {
    ...statistics,
    baseSequence: 5,
    dataBlockCount: 1,
    filterBitsPerKey: 10,
    codec: 'none',
    user: new Map([['note', Buffer.from('hi')]]),
  })
  assert.equal(reader.rangeTombstones.coveringSequence(Buffer.from('zz'), 0, 2, 100), 8)
  assert.equal(reader.rangeTombstones.coveringSequence(Buffer.from('b'), 0, 1, 100), 30)
  reader.close()
})

test('the range of a table ends right after its last key', () => {
  const fs = new MemoryFileSystem()
  const entry = { sequence: 1, kind: 1, value: Buffer.alloc(1) }
  const keys = ['a', 'k'].map((key) => ({ key: Buffer.from(key), ...entry }))
  const { range } = writeTable(fs, '/t', keys)
  assert.deepEqual(range, { start: Buffer.from('a'), end: Buffer.from('k\0') })
})

test('a table with only range deletes can be read', () => {
  const fs = new MemoryFileSystem()
  const writer = new TableWriter(fs.create('/t'), plainOptions, 0)
  assert.equal(writer.isEmpty, true)
  writer.addRangeTombstone(Buffer.from('a'), Buffer.from('c'), 3)
  assert.equal(writer.isEmpty, false)
  assert.deepEqual(writer.finish().range, { start: Buffer.from('a'), end: Buffer.from('c') })
  const reader = openTable(fs, '/t')
  reader.verify()
  assert.equal(get(reader, Buffer.from('b'), 9), undefined)
  const iterator = reader.iterator({ mayRead: true, fillCache: true, readAheadBytes: 0 })
  for (const seek of ['seekToFirst', 'seekToLast'] as const) {
    iterator[seek]()
    assert.equal(iterator.valid, false)
  }
  iterator.seek(Buffer.from('b'))
  assert.equal(iterator.valid, false)
  iterator.seekBefore(Buffer.from('b'))
  assert.equal(iterator.valid, false)
  iterator.close()
  reader.close()
})

test('counts filter answers and reads', () => {
  const fs = new MemoryFileSystem()
  const entries = Array.from({ length: 1000 }, (_, i) => ({
    key: Buffer.from(`key-${String(i).padStart(5, '0')}`),
    sequence: 1,
    kind: 1,
    value: Buffer.alloc(20),
  }))
  writeTable(fs, '/t', entries)
  const context = readContext()
  const reader = openTable(fs, '/t', context)
  for (const { key } of entries) get(reader, key, 1)
  const { blocksRead } = context.counters
  assert.equal(blocksRead, reader.properties.dataBlockCount)
  assert.equal(context.counters.filterFalsePositives, 0)
  for (const { key } of entries) get(reader, Buffer.concat([key, key]), 1)
  const { filterProbes, filterUseful, filterFalsePositives } = context.counters
  assert.equal(filterProbes, 2000)
  assert.equal(filterUseful + filterFalsePositives, 1000)
  assert.ok(filterFalsePositives > 0 && filterFalsePositives < 40)
  assert.equal(context.counters.blocksRead, blocksRead)
  assert.ok(context.cache.usedBytes > 0)
  reader.close()
})

test('a non-blocking lookup waits for its blocks, even without a cache', async () => {
  for (const cacheBytes of [0, 1 << 20]) {
    const random = new Prng(11)
    const fs = new MemoryFileSystem()
    const key = Buffer.from('key')
    const entries = Array.from({ length: 300 }, (_, i) => ({
      key,
      sequence: 1000 - i,
      kind: 1,
      value: random.bytes(10),
    }))
    writeTable(fs, '/t', entries, { ...plainOptions, blockBytes: 1024 })
    const reader = openTable(fs, '/t', readContext(cacheBytes))
    lookup.start(key, 3, 1000, false)
    reader.get(lookup)
    assert.equal(lookup.state, LookupState.blocked)
    await lookup.missing!.load()
    lookup.start(key, 3, 1000, false)
    reader.get(lookup)
    assert.deepEqual(answerFor(key), entries[0])
    assert.equal(lookup.blocksTouched, 1)
    reader.close()
  }
})

test('lookups waiting for one block share one read', async () => {
  const fs = new MemoryFileSystem()
  const key = Buffer.from('key')
  writeTable(fs, '/t', [{ key, sequence: 1, kind: 1, value: key }])
  const context = readContext()
  const reader = openTable(fs, '/t', context)
  const lookups = Array.from({ length: 5 }, () => new PointLookup())
  for (const waiting of lookups) {
    waiting.start(key, 3, 9, false)
    reader.get(waiting)
  }
  const loads = lookups.map((waiting) => waiting.missing!.load())
  reader.close()
  await Promise.all(loads)
  assert.equal(context.counters.blocksRead, 1)
  await lookups[0].missing!.load()
})
