import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareBytes } from '../../base/bytes/bytes.js'
import { Memory } from '../../base/memory.js'
import { Prng } from '../../base/prng.js'
import { MemoryFileSystem } from '../../fs/simulated/memory-file-system.js'
import { compareEnds, isEmptyRange, type KeyRange } from '../../key/key-range.js'
import {
  compareRangeTombstones,
  type RangeTombstone,
  RangeTombstones,
} from '../../key/range-tombstone.js'
import { type OutputRoom, outputRoomBytes } from '../../sstable/block/append-buffer.js'
import { noneCodec } from '../../sstable/block/codec.js'
import { openTable } from '../../sstable/testing/random-table.js'
import {
  type ArrayEntry,
  entryOf,
  randomBound,
  randomVersions,
} from '../../testing/kit/array-iterator.js'
import { inputEntries, inputEntry } from '../../testing/kit/input-entry.js'
import { tableName } from '../../store/file-names.js'
import { LocalTableStore } from '../../store/local-table-store.js'
import type { WrittenTable } from '../../version/table-metadata.js'
import { type OutputOptions, TableOutputs } from './table-outputs.js'
import { seeds } from '../../base/testing/seed.js'

const directory = '/db'

function newFileSystem(): MemoryFileSystem {
  const fs = new MemoryFileSystem()
  fs.makeDirectory(directory)
  return fs
}

function newRoom(): OutputRoom {
  return { memory: Memory.allocate(outputRoomBytes), start: 0 }
}

function optionsWith(options: Partial<OutputOptions>): OutputOptions {
  return {
    table: { blockBytes: 256, filterBitsPerKey: 10, codec: noneCodec },
    tableBytes: 64,
    baseSequence: 0,
    firstFileNumber: 10,
    fileNumberCount: 100,
    grandparents: [],
    ...options,
  }
}

function write(
  fs: MemoryFileSystem,
  entries: readonly ArrayEntry[],
  tombstones: readonly RangeTombstone[],
  options: Partial<OutputOptions>,
): WrittenTable[] {
  const sorted = [...tombstones].sort(compareRangeTombstones)
  const outputs = new TableOutputs(
    new LocalTableStore(fs, directory),
    optionsWith(options),
    sorted,
    newRoom(),
  )
  for (const entry of inputEntries(entries)) outputs.add(entry)
  return outputs.publish()
}

function readTable(fs: MemoryFileSystem, { fileNumber }: WrittenTable) {
  const reader = openTable(fs, `${directory}/${tableName(fileNumber)}`)
  const iterator = reader.iterator({ mayRead: true, fillCache: false, readAheadBytes: 0 })
  const entries: ArrayEntry[] = []
  for (iterator.seekToFirst(); iterator.valid; iterator.next()) entries.push(entryOf(iterator))
  iterator.close()
  const { tombstones } = reader.rangeTombstones
  reader.close()
  return { entries, tombstones }
}

function randomTombstones(random: Prng): RangeTombstone[] {
  return Array.from({ length: random.below(4) }, (_, i) => {
    const start = randomBound(random)
    const end = random.chance(0.2) ? null : randomBound(random)
    return { start, end, sequence: 50 + i }
  }).filter((range) => !isEmptyRange(range))
}

test('tables are disjoint and complete: versions together, tombstones cut at table bounds', () => {
  for (const seed of seeds(200)) {
    const random = new Prng(seed)
    const fs = newFileSystem()
    const entries = randomVersions(random, 40)
    const tombstones = randomTombstones(random)
    const fileNumberCount = random.pick([1, 2, 100])
    const grandparents = entries.map(({ key }) => ({
      range: { start: key, end: Buffer.concat([key, Buffer.of(0)]) },
      sizeBytes: random.pick([1, 1000]),
    }))
    const tables = write(fs, entries, tombstones, {
      fileNumberCount,
      tableBytes: random.pick([1, 200, Infinity]),
      grandparents: random.chance(0.5) ? grandparents : [],
    })
    const where = `seed ${seed}`
    assert.ok(tables.length <= fileNumberCount, where)
    for (const [i, { range }] of tables.entries()) {
      if (i > 0) assert.ok(compareEnds(tables[i - 1].range.end, range.start) <= 0, where)
    }
    const read = tables.map((table) => readTable(fs, table))
    assert.deepEqual(
      read.flatMap((table) => table.entries),
      entries,
      where,
    )
    for (const [i, table] of read.entries()) {
      assert.ok(table.entries.length + table.tombstones.length > 0, `${where}: an empty table`)
      for (const part of table.tombstones) assertInside(part, tables[i].range, where)
    }
    const together = RangeTombstones.from(read.flatMap((table) => table.tombstones))
    for (let i = 0; i < 20; i++) {
      const key = randomBound(random)
      const expected = RangeTombstones.from(tombstones).coveringSequence(key, 0, key.length, 99)
      assert.equal(together.coveringSequence(key, 0, key.length, 99), expected, where)
    }
  }
})

function assertInside(part: KeyRange, range: KeyRange, where: string): void {
  assert.ok(compareBytes(part.start, range.start) >= 0, where)
  assert.ok(compareEnds(part.end, range.end) <= 0, where)
}

test('a table may consist of range deletes only', () => {
  const fs = newFileSystem()
  const tombstone = { start: Buffer.from('a'), end: null, sequence: 7 }
  const [table, ...others] = write(fs, [], [tombstone], {})
  assert.equal(others.length, 0)
  assert.deepEqual(table.range, { start: tombstone.start, end: null })
  assert.deepEqual(readTable(fs, table).tombstones, [
    { start: tombstone.start, end: null, sequence: 7 },
  ])
  assert.deepEqual(write(newFileSystem(), [], [], {}), [])
})

test('an abandoned job leaves no file', () => {
  const fs = newFileSystem()
  const outputs = new TableOutputs(
    new LocalTableStore(fs, directory),
    optionsWith({ tableBytes: 1 }),
    [],
    newRoom(),
  )
  for (const letter of 'abc') {
    const key = Buffer.from(letter)
    outputs.add(inputEntry({ key, sequence: 1, kind: 1, value: key }))
  }
  assert.equal(fs.list(directory).length, 3)
  outputs.abandon()
  assert.deepEqual(fs.list(directory), [])
})
