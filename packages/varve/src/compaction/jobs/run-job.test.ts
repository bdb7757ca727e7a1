import { forEachSeed } from '../../base/testing/seed.js'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { emptyBytes } from '../../base/bytes/bytes.js'
import { crc32 } from '../../base/bytes/checksum.js'
import { Prng } from '../../base/prng.js'
import { MemoryFileSystem } from '../../fs/simulated/memory-file-system.js'
import { isBefore, isEmptyRange, type KeyRange, wholeRange } from '../../key/key-range.js'
import { maxSequence } from '../../key/limits.js'
import {
  compareRangeTombstones,
  type RangeTombstone,
  RangeTombstones,
} from '../../key/range-tombstone.js'
import { ValueKind } from '../../key/value-kind.js'
import { MemTable } from '../../memtable/memtable.js'
import {
  type BlockCodec,
  CodecRegistry,
  deflateCodec,
  noneCodec,
} from '../../sstable/block/codec.js'
import { decodeFooter, footerBytes, headerBytes } from '../../sstable/format/table-format.js'
import { TableWriter } from '../../sstable/table-writer.js'
import { openTable, randomKey } from '../../sstable/testing/random-table.js'
import { type ArrayEntry, compareEntries, entryOf } from '../../testing/kit/array-iterator.js'
import { arrayEntryOf, inputEntries, inputEntry } from '../../testing/kit/input-entry.js'
import { VirtualClock } from '../../testing/kit/virtual-clock.js'
import { tableName } from '../../store/file-names.js'
import { LocalTableStore } from '../../store/local-table-store.js'
import type { TableMetadata, WrittenTable } from '../../version/table-metadata.js'
import { joinResults } from './job-parts.js'
import type { JobRequest, JobResult, JobTableOptions, MergeRequest } from './job-request.js'
import { runJob } from './run-job.js'
import { Survivors } from './survivors.js'

const directory = '/db'
const seeds = 150

/** Some tables in memory, and jobs over them. */
class Bench {
  readonly fs = new MemoryFileSystem()
  private nextFileNumber = 1

  constructor() {
    this.fs.makeDirectory(directory)
  }

  pathOf(fileNumber: number): string {
    return `${directory}/${tableName(fileNumber)}`
  }

  write(
    entries: readonly ArrayEntry[],
    tombstones: readonly RangeTombstone[],
    options: { blockBytes: number; codec: BlockCodec; baseSequence: number },
  ): TableMetadata {
    const fileNumber = this.nextFileNumber++
    const table = { ...options, filterBitsPerKey: 10 }
    const path = this.pathOf(fileNumber)
    const writer = new TableWriter(this.fs.create(path), table, options.baseSequence)
    for (const entry of entries) writer.add(inputEntry(entry))
    for (const { start, end, sequence } of [...tombstones].sort(compareRangeTombstones)) {
      writer.addRangeTombstone(start, end, sequence)
    }
    return { fileNumber, run: 0, writtenAtMs: 0, ...writer.finish() }
  }

  run(request: JobRequest): ReturnType<typeof runJob> {
    const codecs = new CodecRegistry()
    const clock = new VirtualClock()
    const store = new LocalTableStore(this.fs, directory)
    return runJob(request, { store, codecs, clock })
  }

  runWell(request: JobRequest): JobResult {
    const outcome = this.run(request)
    if (!outcome.ok) assert.fail(`${outcome.error.message}\n${outcome.error.stack}`)
    return outcome.result
  }

  /** As parts of one merge, one after another. */
  runInParts(request: MergeRequest, count: number): JobResult {
    const results = Array.from({ length: count }, (_, index) => {
      const firstFileNumber = 10_000 * (index + 1)
      return this.runWell({ ...request, firstFileNumber, part: { index, count } })
    })
    return joinResults(results)
  }

  tombstonesOf(tables: readonly WrittenTable[]): RangeTombstones {
    const all: RangeTombstone[] = []
    for (const { fileNumber } of tables) {
      const reader = openTable(this.fs, this.pathOf(fileNumber))
      all.push(...reader.rangeTombstones.tombstones)
      reader.close()
    }
    return RangeTombstones.from(all)
  }

  read(tables: readonly WrittenTable[]): ArrayEntry[] {
    const entries: ArrayEntry[] = []
    for (const { fileNumber } of tables) {
      const reader = openTable(this.fs, this.pathOf(fileNumber))
      const iterator = reader.iterator({ mayRead: true, fillCache: false, readAheadBytes: 0 })
      for (iterator.seekToFirst(); iterator.valid; iterator.next()) entries.push(entryOf(iterator))
      iterator.close()
      reader.close()
    }
    return entries
  }
}

const options: JobTableOptions = {
  blockBytes: 256,
  tableBytes: 2000,
  filterBitsPerKey: 10,
  codec: 'none',
  paranoid: true,
}

function mergeOf(
  inputs: MergeRequest['spec']['inputs'],
  others: Partial<Pick<JobRequest, 'options' | 'snapshots'>> = {},
  deeperRanges: readonly KeyRange[] = [],
): MergeRequest {
  return {
    kind: 'merge',
    options,
    snapshots: [],
    nowMs: 0,
    firstFileNumber: 1000,
    fileNumberCount: 1000,
    ...others,
    spec: {
      kind: 'merge',
      keyspace: 0,
      reason: 'a test',
      inputs,
      inputRange: wholeRange,
      outputLevel: 1,
      outputRun: 0,
      grandparents: [],
      deeperRanges,
    },
  }
}

/** Versions of keys that share prefixes, end in zeros or are long; now and then a giant value. */
function randomVersions(random: Prng): ArrayEntry[] {
  const prefix = random.pick(['', 'user:', 'https://example.org/', '\xff\xff'])
  const keys = Array.from({ length: random.between(1, 60) }, () => randomKey(random, prefix))
  return Array.from({ length: random.between(1, 300) }, (_, i) => {
    const kind = random.chance(0.2) ? ValueKind.delete : ValueKind.put
    const length = random.chance(0.005) ? 300_000 : random.below(50)
    const value = kind === ValueKind.delete ? emptyBytes : random.bytes(length)
    return { key: random.pick(keys), sequence: 1000 + i, kind, value }
  }).sort(compareEntries)
}

function randomTombstones(random: Prng, entries: readonly ArrayEntry[]): RangeTombstone[] {
  return Array.from({ length: random.below(3) }, (_, i) => {
    const end = random.chance(0.2) ? null : random.pick(entries).key
    return { start: random.pick(entries).key, end, sequence: 2000 + i }
  }).filter((range) => !isEmptyRange(range))
}

/** Cuts a run into tables; the versions of a key stay together. */
function cut(random: Prng, run: readonly ArrayEntry[]): ArrayEntry[][] {
  const tables: ArrayEntry[][] = []
  for (const entry of run) {
    const isSameKey = tables.at(-1)?.at(-1)?.key.equals(entry.key) === true
    if (tables.length > 0 && (isSameKey || random.chance(0.95))) tables.at(-1)!.push(entry)
    else tables.push([entry])
  }
  return tables
}

function survivorsOf(
  entries: readonly ArrayEntry[],
  tombstones: readonly RangeTombstone[],
  snapshots: readonly number[],
  deeper: readonly KeyRange[],
): ArrayEntry[] {
  const survivors = new Survivors(snapshots, RangeTombstones.from(tombstones), deeper)
  return [...inputEntries(entries)]
    .filter((entry) => survivors.keeps(entry))
    .map((entry) => arrayEntryOf(entry))
}

/** The shadowed entries of a table with these entries and range deletes, by checking every pair. */
function expectedShadows(
  entries: readonly ArrayEntry[],
  tombstones: RangeTombstones,
): Record<string, number> {
  const found = { shadowedCount: 0, shadowedBytes: 0, oldestShadowed: Infinity, newestShadowing: 0 }
  for (const [i, { key, value, sequence }] of entries.entries()) {
    const newer = entries[i - 1]
    const isOlderVersion = newer !== undefined && Buffer.compare(newer.key, key) === 0
    const covering = tombstones.coveringSequence(key, 0, key.length, maxSequence)
    const hiddenAt = isOlderVersion ? newer.sequence : covering
    if (hiddenAt <= sequence) continue
    found.shadowedCount++
    found.shadowedBytes += key.length + value.length
    found.oldestShadowed = Math.min(found.oldestShadowed, sequence)
    found.newestShadowing = Math.max(found.newestShadowing, hiddenAt)
  }
  return { ...found, oldestShadowed: found.shadowedCount === 0 ? 0 : found.oldestShadowed }
}

function assertShadows(bench: Bench, tables: readonly WrittenTable[]): void {
  for (const table of tables) {
    const expected = expectedShadows(bench.read([table]), bench.tombstonesOf([table]))
    const { shadowedCount, shadowedBytes, oldestShadowed, newestShadowing } = table
    assert.deepEqual({ shadowedCount, shadowedBytes, oldestShadowed, newestShadowing }, expected)
  }
}

function areInOrder(tables: readonly WrittenTable[]): boolean {
  return tables.every(({ range }, i) => i === 0 || !isBefore(range.start, tables[i - 1].range.end))
}

function randomSnapshots(random: Prng): number[] {
  const chosen = Array.from({ length: random.below(4) }, () => 1000 + random.below(300))
  return [...new Set(chosen)].sort((a, b) => a - b)
}

test('a merge writes the survivors of all its runs, in order', () =>
  forEachSeed(seeds, (seed) => {
    const random = new Prng(seed)
    const bench = new Bench()
    const entries = randomVersions(random)
    const tombstones = randomTombstones(random, entries)
    const runs = Array.from({ length: random.between(1, 6) }, (): ArrayEntry[] => [])
    for (const entry of entries) {
      random.pick(runs).push(entry)
      // A crash between a flush and the end of its log leaves entries twice.
      if (random.chance(0.02)) runs[0].push(entry)
    }
    const level0Count = random.between(1, runs.length)
    const tablesOf = (run: ArrayEntry[], i: number): TableMetadata[] => {
      const here = i === 0 ? tombstones : []
      const pieces = i < level0Count ? [run] : cut(random, run)
      return pieces
        .filter((piece) => piece.length + here.length > 0)
        .map((piece) => {
          const codec = random.pick([noneCodec, noneCodec, deflateCodec])
          const baseSequence = random.pick([0, 999, 1000])
          const unique = piece.filter((entry, k) => entry !== piece[k - 1])
          const blockBytes = random.pick([64, 256, 4096])
          return bench.write(unique, here, { blockBytes, codec, baseSequence })
        })
    }
    const tables = runs.map(tablesOf)
    const inputs = [
      { level: 0, tables: tables.slice(0, level0Count).flat() },
      ...tables.slice(level0Count).map((run, i) => ({ level: i + 1, tables: run })),
    ].filter((input) => input.tables.length > 0)
    const snapshots = randomSnapshots(random)
    const deeper = random.chance(0.5) ? [wholeRange] : []
    const codec = random.pick(['none', 'lz4', 'lz4hc', 'deflate'])
    const tableBytes = random.pick([500, 2000, Infinity])
    const request = mergeOf(
      inputs,
      { snapshots, options: { ...options, codec, tableBytes } },
      deeper,
    )

    const { outputs, droppedEntries } = bench.runWell(request)
    assert.deepEqual(bench.read(outputs), survivorsOf(entries, tombstones, snapshots, deeper))
    const total = (list: readonly WrittenTable[]): number =>
      list.reduce((sum, { entryCount }) => sum + entryCount, 0)
    assert.equal(droppedEntries, total(tables.flat()) - total(outputs))
    assertShadows(bench, outputs)

    const parts = bench.runInParts(request, random.between(2, 5))
    assert.deepEqual(bench.read(parts.outputs), bench.read(outputs))
    assert.equal(parts.droppedEntries, droppedEntries)
    assert.ok(areInOrder(parts.outputs))
    const [whole, cutUp] = [bench.tombstonesOf(outputs), bench.tombstonesOf(parts.outputs)]
    for (const { key } of entries) {
      for (const sequence of [...snapshots, maxSequence]) {
        const covering = cutUp.coveringSequence(key, 0, key.length, sequence)
        assert.equal(covering, whole.coveringSequence(key, 0, key.length, sequence))
      }
    }
  }))

test('each part of a merge ends its tables at the grandparent limit', () => {
  const bench = new Bench()
  const tables = alternatingTables(bench, 128)
  const table = { range: { start: emptyBytes, end: Buffer.from('key 0020') }, sizeBytes: 1e6 }
  const request = mergeOf([{ level: 0, tables }])
  const spec = { ...request.spec, grandparents: [table as unknown as TableMetadata] }
  const { outputs } = bench.runInParts({ ...request, spec }, 2)
  assert.equal(outputs.length, 3, 'the first part makes two, the second meets none')
})

test('a flush writes the survivors of a memtable', () =>
  forEachSeed(seeds, (seed) => {
    const random = new Prng(seed)
    const bench = new Bench()
    const entries = randomVersions(random)
    const bytes = entries.reduce(
      (sum, e) => sum + MemTable.entryBytes(e.key.length, e.value.length),
      0,
    )
    const memtable = new MemTable(bytes + 1000)
    const inOrderOfTime = [...entries].sort((a, b) => a.sequence - b.sequence)
    for (const { key, sequence, kind, value } of inOrderOfTime) {
      memtable.insert(sequence, kind, key, 0, key.length, value, 0, value.length)
    }
    const snapshots = randomSnapshots(random)
    const nothingBelow = random.chance(0.5)
    const { outputs } = bench.runWell({
      kind: 'flush',
      options: { ...options, codec: random.pick(['none', 'lz4', 'lz4hc', 'deflate']) },
      snapshots,
      nowMs: 0,
      firstFileNumber: 1000,
      fileNumberCount: 1,
      memtable: memtable.seal(),
      nothingBelow,
    })
    const deeper = nothingBelow ? [] : [wholeRange]
    assert.deepEqual(bench.read(outputs), survivorsOf(entries, [], snapshots, deeper))
    assertShadows(bench, outputs)
  }))

/** Two tables whose entries alternate. */
function alternatingTables(bench: Bench, blockBytes: number): TableMetadata[] {
  return [0, 1].map((first) => {
    const entries = Array.from({ length: 40 }, (_, i) => ({
      key: Buffer.from(`key ${String(2 * i + first).padStart(4, '0')}`),
      sequence: 1 + first,
      kind: ValueKind.put,
      value: Buffer.from('value'),
    }))
    return bench.write(entries, [], { blockBytes, codec: noneCodec, baseSequence: 0 })
  })
}

function readFile(bench: Bench, path: string): Buffer {
  const file = bench.fs.openForRead(path)
  const bytes = Buffer.alloc(file.sizeBytes())
  file.read(bytes, 0, bytes.length, 0)
  file.close()
  return bytes
}

function replaceFile(bench: Bench, path: string, bytes: Buffer): void {
  bench.fs.remove(path)
  const file = bench.fs.create(path)
  file.append(bytes, 0, bytes.length)
  file.close()
}

test('a flipped bit in an input is reported with file and offset, and no output stays', () => {
  const pristine = new Bench()
  const [{ fileNumber }] = alternatingTables(pristine, 128)
  const path = pristine.pathOf(fileNumber)
  const bytes = readFile(pristine, path)
  const random = new Prng(11)
  for (let round = 0; round < 150; round++) {
    const bench = new Bench()
    const tables = alternatingTables(bench, 128)
    const damaged = Buffer.from(bytes)
    const at = random.below(bytes.length)
    damaged[at] ^= 1 << random.below(8)
    replaceFile(bench, path, damaged)
    const outcome = bench.run(mergeOf([{ level: 0, tables }]))
    const where = `byte ${at}`
    assert.ok(!outcome.ok, where)
    const { code, file, offset } = outcome.error
    assert.ok(code === 'CORRUPTION' || code === 'UNSUPPORTED_FORMAT', where)
    assert.equal(file, path, where)
    if (code === 'CORRUPTION') assert.ok(offset! <= at, where)
    assert.equal(bench.fs.list(directory).length, tables.length, where)
  }
})

test('an inconsistent block with a correct checksum is also damage', () => {
  const entryBytes = 4 + 'key 0001'.length + 'value'.length
  const changes: ((bytes: Buffer) => void)[] = [
    (bytes) => bytes.write('key 0001', bytes.indexOf('key 0041')),
    // The first value swallows the second entry.
    (bytes) => (bytes[headerBytes + 2] += entryBytes),
    (bytes) => (bytes[headerBytes + 2] = 127),
  ]
  for (const change of changes) {
    const bench = new Bench()
    const tables = alternatingTables(bench, 4096)
    const path = bench.pathOf(tables[1].fileNumber)
    const bytes = readFile(bench, path)
    change(bytes)
    const { filter } = decodeFooter(bytes.subarray(-footerBytes), bytes.length, path)
    const checksumStart = filter.offset - 4
    bytes.writeUInt32LE(crc32(bytes.subarray(headerBytes, checksumStart)), checksumStart)
    replaceFile(bench, path, bytes)
    const outcome = bench.run(mergeOf([{ level: 0, tables }]))
    assert.ok(!outcome.ok)
    const { code, file, offset } = outcome.error
    assert.deepEqual([code, file, offset], ['CORRUPTION', path, headerBytes])
  }
})
