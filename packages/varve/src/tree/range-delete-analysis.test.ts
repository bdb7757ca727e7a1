import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VarveError } from '../base/errors.js'
import { Prng } from '../base/prng.js'
import type { RangeDeleteReach } from '../compaction/pickers/pick-conditions.js'
import type { KeyRange } from '../key/key-range.js'
import { type RangeTombstone, RangeTombstones } from '../key/range-tombstone.js'
import type { TableCache } from '../sstable/table-cache.js'
import type { TableReader } from '../sstable/table-reader.js'
import type { TableMetadata } from '../version/table-metadata.js'
import type { Version } from '../version/version.js'
import { fakeTable, fakeVersion } from '../version/testing/fake-tables.js'
import { RangeDeleteAnalysis } from './range-delete-analysis.js'
import { seeds } from '../base/testing/seed.js'

const keys = 40

function key(n: number): Buffer {
  return Buffer.from(String(n).padStart(2, '0'))
}

function range(start: number, end: number | null): KeyRange {
  return { start: key(start), end: end === null ? null : key(end) }
}

/**
 * Tables whose range deletes can be read, with one byte of data for each key. Tables for which
 * `isLate` holds can only be opened asynchronously.
 */
function cacheOf(
  tombstones: ReadonlyMap<number, readonly RangeTombstone[]>,
  isLate: (fileNumber: number) => boolean = () => false,
): TableCache {
  const readerOf = ({ fileNumber }: TableMetadata): TableReader =>
    ({
      rangeTombstones: RangeTombstones.from(tombstones.get(fileNumber) ?? []),
      dataBytesIn: ({ start, end }: KeyRange) => numberOf(end) - numberOf(start),
    }) as TableReader
  return {
    find: (table: TableMetadata) => (isLate(table.fileNumber) ? undefined : readerOf(table)),
    read: async <T>(table: TableMetadata, use: (reader: TableReader) => T): Promise<T> => {
      await Promise.resolve()
      if (table.fileNumber === unreadable) throw new VarveError('IO', 'out of reach')
      return use(readerOf(table))
    },
  } as unknown as TableCache
}

const unreadable = 666

function analysisOf(
  version: Version,
  tombstones: ReadonlyMap<number, readonly RangeTombstone[]>,
): RangeDeleteReach {
  return new RangeDeleteAnalysis(cacheOf(tombstones), () => {}).of(version)
}

function numberOf(bytes: Uint8Array | null): number {
  return bytes === null ? keys : Number(Buffer.from(bytes).toString())
}

test('finds exactly the tables that range deletes delete completely', () => {
  let coveredCount = 0
  for (const seed of seeds(300, 0)) {
    const prng = new Prng(seed)
    const tombstones = new Map<number, RangeTombstone[]>()
    const tables: TableMetadata[] = []
    for (let number = 1; number <= 8; number++) {
      const start = prng.below(keys - 1)
      const end = prng.chance(0.1) ? null : prng.between(start + 1, Math.min(start + 12, keys))
      const held = Array.from({ length: prng.below(4) }, () => {
        const from = prng.below(keys - 1)
        const to = prng.chance(0.1) ? null : prng.between(from + 1, keys)
        return { ...range(from, to), sequence: number * 10 + prng.below(10) }
      })
      tombstones.set(number, held)
      tables.push(
        fakeTable(number, '', null, {
          range: range(start, end),
          minSequence: number * 10,
          maxSequence: number * 10 + 9,
          rangeDeleteCount: held.length,
          sizeBytes: numberOf(end === null ? null : key(end)) - start,
        }),
      )
    }
    const { covered } = analysisOf(fakeVersion([tables]), tombstones)
    coveredCount += covered.length
    const all = [...tombstones.values()].flat()
    for (const table of tables) {
      const newer = all.filter(({ sequence }) => sequence > table.maxSequence)
      const isGone = (n: number): boolean =>
        newer.some(({ start, end }) => numberOf(start) <= n && (end === null || n < numberOf(end)))
      const from = numberOf(table.range.start)
      const inRange = Array.from({ length: numberOf(table.range.end) - from }, (_, i) => from + i)
      // After the last key, only a tombstone with an open end deletes an open end.
      const beyond = table.range.end !== null || newer.some(({ end }) => end === null)
      const found = covered.find((one) => one.table === table)
      assert.equal(found !== undefined, inRange.every(isGone) && beyond, `seed ${seed}`)
      if (found === undefined) continue
      const seen = newer.filter(({ sequence }) => sequence <= found.deletedAt)
      for (const n of inRange) {
        assert.ok(
          seen.some(
            ({ start, end }) => numberOf(start) <= n && (end === null || n < numberOf(end)),
          ),
          `seed ${seed}: ${found.deletedAt} does not see key ${n} deleted`,
        )
      }
    }
  }
  assert.ok(coveredCount > 100)
})

test('measures the bytes that range deletes hide in remaining tables', () => {
  const holder = fakeTable(9, '05', '30', { maxSequence: 95, minSequence: 95, rangeDeleteCount: 1 })
  const tombstones = new Map([[9, [{ ...range(5, 30), sequence: 95 }]]])
  const older = [
    fakeTable(1, '00', '10', { maxSequence: 10, sizeBytes: 10 }),
    fakeTable(2, '10', '20', { maxSequence: 20, sizeBytes: 10 }),
    fakeTable(3, '20', '40', { maxSequence: 99, sizeBytes: 20 }),
  ]
  const reach = analysisOf(fakeVersion([[holder], older]), tombstones)
  assert.deepEqual(
    reach.covered.map(({ table, deletedAt }) => [table.fileNumber, deletedAt]),
    [[2, 95]],
  )
  // Five keys of table 1; table 3 may hold newer ones.
  assert.deepEqual([...reach.hiddenBytes], [[9, 5]])
  assert.deepEqual(analysisOf(fakeVersion([[older[0]]]), tombstones), {
    covered: [],
    hiddenBytes: new Map(),
  })
})

test('range deletes beyond the bound cost nothing and hide nothing wrongly', () => {
  const many = Array.from({ length: 600 }, (_, i) => ({ ...range(0, 39), sequence: 1000 + i }))
  const few = [{ ...range(0, 39), sequence: 500 }]
  const tombstones = new Map([
    [8, many],
    [9, few],
  ])
  const holder = (number: number, sequence: number, count: number): TableMetadata =>
    fakeTable(number, '00', '39', {
      minSequence: sequence,
      maxSequence: sequence,
      rangeDeleteCount: count,
    })
  const old = fakeTable(1, '05', '10', { maxSequence: 400 })
  const newer = fakeTable(2, '15', '20', { maxSequence: 600 })
  const version = fakeVersion([
    [holder(8, 1600, 600), holder(9, 500, 1)],
    [old, newer],
  ])
  const { covered } = analysisOf(version, tombstones)
  assert.deepEqual(
    covered.map(({ table, deletedAt }) => [table.fileNumber, deletedAt]),
    [[1, 500]],
  )
})

/** Table 2 is deleted by table 1, in part. */
function layered(rangeDeleteNumber = 1): {
  version: Version
  tombstones: Map<number, RangeTombstone[]>
} {
  const holder = fakeTable(rangeDeleteNumber, '', null, {
    range: range(0, 30),
    minSequence: 20,
    maxSequence: 20,
    rangeDeleteCount: 1,
    sizeBytes: 30,
  })
  const beneath = fakeTable(2, '', null, {
    range: range(10, 35),
    minSequence: 1,
    maxSequence: 9,
    sizeBytes: 25,
  })
  const whole = fakeTable(3, '', null, {
    range: range(3, 7),
    minSequence: 1,
    maxSequence: 9,
    sizeBytes: 4,
  })
  const tombstones = new Map([[rangeDeleteNumber, [{ ...range(0, 30), sequence: 20 }]]])
  return { version: fakeVersion([[holder], [whole, beneath]]), tombstones }
}

for (const [name, isLate] of [
  ['all tables', () => true],
  ['the tables with range deletes', (fileNumber: number) => fileNumber === 1],
  ['the tables that they hide', (fileNumber: number) => fileNumber !== 1],
] as const) {
  test(`waits for tables that can only be opened asynchronously: ${name}`, async () => {
    const { version, tombstones } = layered()
    const expected = analysisOf(version, tombstones)
    assert.equal(expected.covered.length, 1)
    assert.ok(expected.hiddenBytes.size > 0)
    let late: RangeDeleteReach | undefined
    await new Promise<void>((resolve) => {
      const analysis = new RangeDeleteAnalysis(cacheOf(tombstones, isLate), () => {
        late = analysis.of(version)
        resolve()
      })
      assert.equal(analysis.of(version).covered.length, 0)
      assert.equal(analysis.of(version).covered.length, 0)
    })
    assert.deepEqual(late, expected)
  })
}

test('an analysis that waits gives way to that of a newer Version', async () => {
  const { version, tombstones } = layered()
  const newer = fakeVersion([version.levels[0]])
  let lateCount = 0
  const analysis = new RangeDeleteAnalysis(
    cacheOf(tombstones, () => true),
    () => lateCount++,
  )
  analysis.of(version)
  assert.equal(analysis.of(newer).covered.length, 0)
  await new Promise((resolve) => setTimeout(resolve, 5))
  assert.equal(lateCount, 1)
  assert.deepEqual(analysis.of(newer).covered, [])
})

test('a table that cannot be opened leaves the answer empty', async () => {
  const { version, tombstones } = layered(unreadable)
  const analysis = new RangeDeleteAnalysis(
    cacheOf(tombstones, () => true),
    () => assert.fail('nothing must be reported'),
  )
  analysis.of(version)
  await new Promise((resolve) => setTimeout(resolve, 5))
  assert.equal(analysis.of(version).covered.length, 0)
})
