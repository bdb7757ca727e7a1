// The parts of the engine that every operation passes through, each as a task of fixed size. They
// work on the compiled internals, in memory: no task waits for a disk.
import { compareRanges } from '../../packages/varve/dist/base/bytes/bytes.js'
import { systemClock } from '../../packages/varve/dist/base/clock.js'
import { hashBytes } from '../../packages/varve/dist/base/bytes/hash.js'
import { Memory } from '../../packages/varve/dist/base/memory.js'
import { VarintReader, writeVarint } from '../../packages/varve/dist/base/bytes/varint.js'
import { BatchReader } from '../../packages/varve/dist/batch/batch-reader.js'
import { encodingFor } from '../../packages/varve/dist/batch/encoding.js'
import { WriteBatch } from '../../packages/varve/dist/batch/write-batch.js'
import { BlockCache } from '../../packages/varve/dist/cache/block-cache.js'
import { runJob } from '../../packages/varve/dist/compaction/jobs/run-job.js'
import { MemoryFileSystem } from '../../packages/varve/dist/fs/simulated/memory-file-system.js'
import { MergingIterator } from '../../packages/varve/dist/iterator/merging-iterator.js'
import { PointLookup } from '../../packages/varve/dist/entry/point-lookup.js'
import { ValueKind } from '../../packages/varve/dist/key/value-kind.js'
import { LogPurpose } from '../../packages/varve/dist/log/log-format.js'
import { LogWriter } from '../../packages/varve/dist/log/log-writer.js'
import { MemTable } from '../../packages/varve/dist/memtable/memtable.js'
import { openSealedMemTable } from '../../packages/varve/dist/memtable/sealed-memtable.js'
import {
  AppendBuffer,
  outputRoomBytes,
} from '../../packages/varve/dist/sstable/block/append-buffer.js'
import { Block } from '../../packages/varve/dist/sstable/block/block.js'
import { BlockBuilder } from '../../packages/varve/dist/sstable/block/block-builder.js'
import { newTableCounters } from '../../packages/varve/dist/sstable/block-source.js'
import {
  BloomFilter,
  BloomFilterBuilder,
} from '../../packages/varve/dist/sstable/format/bloom-filter.js'
import { CodecRegistry, noneCodec } from '../../packages/varve/dist/sstable/block/codec.js'
import { TableReader } from '../../packages/varve/dist/sstable/table-reader.js'
import { TableWriter } from '../../packages/varve/dist/sstable/table-writer.js'
import { inputEntry } from '../../packages/varve/dist/testing/kit/input-entry.js'
import { tableName } from '../../packages/varve/dist/store/file-names.js'
import { LocalTableStore } from '../../packages/varve/dist/store/local-table-store.js'
import { generator, shuffled } from '../workloads/random.mjs'

/**
 * Few enough to stay in a core's own cache: this measures the code, not the memory.
 */
const count = 2000
const arenaBytes = 512 * 1024
const keyBytes = 16
const value = Buffer.alloc(100, 'value')
const keys = Array.from({ length: count }, (_, i) => Buffer.from(String(i).padStart(keyBytes, '0')))
const absentKeys = keys.map((key) => Buffer.concat([key.subarray(0, 15), Buffer.from('x')]))
const order = shuffled(count, 1)
const directory = '/bench'
const tablePath = `${directory}/table`
const jobRequest = {
  options: {
    blockBytes: 4096,
    tableBytes: Infinity,
    filterBitsPerKey: 10,
    codec: 'none',
    paranoid: false,
  },
  snapshots: [],
  firstFileNumber: 100,
  fileNumberCount: 1,
}
const everySequence = Number.MAX_SAFE_INTEGER

/** Makes every task: its `run` does `operations` of what it is named for, the same each time. */
export const tasks = {
  'compare keys': () => {
    const all = Buffer.concat(keys)
    return task(count - 1, () => {
      let sum = 0
      for (let at = 0; at + keyBytes < all.length; at += keyBytes) {
        sum += compareRanges(all, at, at + keyBytes, all, at + keyBytes, at + 2 * keyBytes)
      }
      expect(sum < 0)
    })
  },

  'hash a key': () =>
    task(count, () => {
      let all = 0
      for (let i = 0; i < count; i++) all ^= hashBytes(keys[i], 0, keyBytes)
      expect(all !== 0)
    }),

  'varint, write and read': () => {
    const next = generator(3)
    const numbers = Array.from({ length: count }, () => next() >>> (next() & 31))
    const buffer = Buffer.alloc(count * 8)
    return task(count, () => {
      let end = 0
      for (let i = 0; i < count; i++) end = writeVarint(buffer, end, numbers[i])
      const reader = new VarintReader(buffer, 0, end)
      for (let i = 0; i < count; i++) expect(reader.read() === numbers[i])
    })
  },

  'batch, write and read': () => {
    const encoding = encodingFor('utf8', 'bench')
    const [keyTexts, valueText] = [keys.map(String), String(value)]
    const batch = new WriteBatch(0)
    const reader = new BatchReader()
    return task(count, () => {
      for (let i = 0; i < count; i++) {
        batch.begin(ValueKind.put, 0)
        encoding.write(keyTexts[i], batch)
        batch.endKey()
        encoding.write(valueText, batch)
        batch.end()
      }
      batch.seal(1)
      reader.open(batch.buffer, 0, batch.length)
      while (reader.next()) expect(reader.keyEnd - reader.keyStart === keyBytes)
      expect(reader.sequence === count)
      batch.clear()
    })
  },

  'memtable insert': () => {
    let arena = new MemTable(arenaBytes).releaseArena()
    return task(count, () => {
      const table = filled(arena)
      expect(table.entryCount === count)
      arena = table.releaseArena()
    })
  },

  'memtable get': () => {
    const table = filled(arenaBytes)
    return task(count, () => lookUp((lookup) => table.get(lookup)))
  },

  'memtable sort': () => {
    const sealed = filled(arenaBytes).seal()
    return task(count, () => expect(readAll(openSealedMemTable(sealed).input) === count))
  },

  'block get': () => {
    const room = { memory: Memory.allocate(outputRoomBytes), start: 0 }
    const output = new AppendBuffer(emptyFileSystem().create(tablePath), room)
    const builder = new BlockBuilder(output, 4096)
    let entries = 0
    for (; builder.sizeBytes < 4096; entries++) {
      const entry = inputEntry(entryOf(entries))
      builder.add(entry, entry.hash(), entries)
    }
    const payload = Buffer.from(builder.finish())
    const origin = { baseSequence: 0, path: 'bench', offsetOf: () => 0 }
    const block = new Block(origin).at(0, payload, 0, payload.length)
    const lookup = new PointLookup()
    return task(count, () => {
      for (let i = 0; i < count; i++) {
        lookup.start(keys[i % entries], keyBytes, everySequence, true)
        block.find(lookup)
        expect(lookup.hasValue)
      }
    })
  },

  'filter probe': () => {
    const builder = new BloomFilterBuilder(10)
    for (const key of keys) builder.add(hashBytes(key, 0, keyBytes))
    const filter = BloomFilter.decode(builder.finish(), 'bench', 0)
    const absent = Uint32Array.from(absentKeys, (key) => hashBytes(key, 0, keyBytes))
    const present = Uint32Array.from(keys, (key) => hashBytes(key, 0, keyBytes))
    return task(2 * count, () => {
      let hits = 0
      for (let i = 0; i < count; i++) {
        if (filter.mayContain(present[order[i]])) hits++
        if (filter.mayContain(absent[order[i]])) hits++
      }
      expect(hits >= count && hits < count * 1.05)
    })
  },

  'table get': () => {
    const table = openTable(0, 1)
    return task(count, () => lookUp((lookup) => table.get(lookup)))
  },

  'table iterate': () => {
    const table = openTable(0, 1)
    return task(count, () => expect(walk(iterate(table)) === count))
  },

  'merge 4 runs': () => {
    const tables = [0, 1, 2, 3].map((first) => openTable(first, 4))
    return task(count, () => expect(walk(new MergingIterator(tables.map(iterate))) === count))
  },

  flush: () => {
    const memtable = filled(arenaBytes).seal()
    const request = { ...jobRequest, kind: 'flush', memtable, nothingBelow: true }
    return task(count, () => expect(runHere(emptyFileSystem(), request) === count))
  },

  'compaction of 4 tables': () => {
    const fs = emptyFileSystem()
    const tables = [0, 1, 2, 3].map((first) => ({
      fileNumber: first,
      ...writeTable(fs, `${directory}/${tableName(first)}`, first, 4),
    }))
    const spec = { inputs: [{ level: 0, tables }], deeperRanges: [], grandparents: [] }
    const request = { ...jobRequest, kind: 'merge', spec }
    return task(count, () => expect(runHere(fs, request) === count))
  },

  'log append, 128 bytes': () => logAppend(128, count),
  'log append, 64 KiB': () => logAppend(64 * 1024, 20),
}

function task(operations, run) {
  return { operations, run }
}

function expect(isTrue) {
  if (!isTrue) throw new Error('a micro-benchmark got a wrong answer')
}

function filled(arenaOrBytes) {
  const table = new MemTable(arenaOrBytes)
  for (let i = 0; i < count; i++) {
    const key = keys[order[i]]
    table.insert(i + 1, ValueKind.put, key, 0, keyBytes, value, 0, value.length)
  }
  return table
}

function lookUp(get) {
  const lookup = new PointLookup()
  for (let i = 0; i < count; i++) {
    lookup.start(keys[order[i]], keyBytes, everySequence, true)
    get(lookup)
    expect(lookup.hasValue)
  }
}

function walk(iterator, closes = true) {
  let entries = 0
  for (iterator.seekToFirst(); iterator.valid; iterator.next()) entries++
  if (closes) iterator.close()
  return entries
}

function readAll(input) {
  let entries = 0
  while (input.next() !== undefined) entries++
  return entries
}

function entryOf(number) {
  return { key: keys[number], sequence: number + 1, kind: ValueKind.put, value }
}

/** Runs a job and returns the number of entries of its table. */
function runHere(fs, request) {
  const codecs = new CodecRegistry()
  const store = new LocalTableStore(fs, directory)
  const environment = { store, codecs, clock: systemClock, checkpoint() {} }
  const { ok, result } = runJob(request, environment)
  expect(ok)
  const [table] = result.outputs
  fs.remove(`${directory}/${tableName(table.fileNumber)}`)
  return table.entryCount
}

function emptyFileSystem() {
  const fs = new MemoryFileSystem()
  fs.makeDirectory(directory)
  return fs
}

/** A table of every `step`th key, all of its blocks in the cache. */
function openTable(first, step) {
  const fs = emptyFileSystem()
  writeTable(fs, tablePath, first, step)
  const table = TableReader.open(fs.openForRead(tablePath), 1, {
    cache: new BlockCache(64 << 20),
    codecs: new CodecRegistry(),
    counters: newTableCounters(),
  })
  walk(iterate(table))
  return table
}

function iterate(table) {
  return table.iterator({ mayRead: true, fillCache: true, readAheadBytes: 0 })
}

function writeTable(fs, path, first, step) {
  const options = { blockBytes: 4096, filterBitsPerKey: 10, codec: noneCodec }
  const writer = new TableWriter(fs.create(path), options, 0)
  for (let i = first; i < count; i += step) writer.add(inputEntry(entryOf(i)))
  return writer.finish()
}

/** Into a file that keeps nothing: the framing and the checksum alone. */
function logAppend(bytes, appends) {
  const file = { path: 'log', sizeBytes: 0, append() {}, truncate() {}, close() {} }
  const writer = LogWriter.create({ create: () => file }, 'log', LogPurpose.writeAhead, 1)
  const buffer = Buffer.alloc(LogWriter.headroomBytes + bytes, 'x')
  return task(appends, () => {
    for (let i = 0; i < appends; i++) writer.appendInPlace(buffer, 0, buffer.length)
  })
}
