import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Prng } from '../../base/prng.js'
import {
  isEmptyRange,
  type KeyRange,
  rangeContains,
  rangesOverlap,
  wholeRange,
} from '../../key/key-range.js'
import {
  compareRangeTombstones,
  type RangeTombstone,
  RangeTombstones,
} from '../../key/range-tombstone.js'
import { ValueKind } from '../../key/value-kind.js'
import { type ArrayEntry, randomBound, randomVersions } from '../../testing/kit/array-iterator.js'
import { arrayEntryOf, inputEntries } from '../../testing/kit/input-entry.js'
import { Survivors } from './survivors.js'
import { seeds } from '../../base/testing/seed.js'

const seedCount = 1000

function randomRange(random: Prng): KeyRange {
  for (;;) {
    const start = randomBound(random)
    const end = random.chance(0.1) ? null : randomBound(random)
    if (!isEmptyRange({ start, end })) return { start, end }
  }
}

interface Content {
  readonly entries: readonly ArrayEntry[]
  readonly tombstones: readonly RangeTombstone[]
}

/**
 * What a reader at `sequence` finds for a key: its value, "deleted" if a deeper level may hold it,
 * or nothing.
 */
function answer(
  { entries, tombstones }: Content,
  key: Buffer,
  sequence: number,
  liesDeeper: boolean,
): string {
  const entry = entries.find((e) => e.key.equals(key) && e.sequence <= sequence)
  const covering = tombstones
    .filter((t) => t.sequence <= sequence && rangeContains(t, key))
    .reduce((highest, t) => Math.max(highest, t.sequence), 0)
  const isDeleted = entry?.kind === ValueKind.delete || covering > (entry?.sequence ?? 0)
  if (isDeleted) return liesDeeper ? 'deleted' : 'nothing'
  return entry === undefined ? 'nothing' : `value ${entry.value.toString()}`
}

function survive(
  { entries, tombstones }: Content,
  snapshots: number[],
  deeper: KeyRange[],
): Content {
  const survivors = new Survivors(snapshots, RangeTombstones.from(tombstones), deeper)
  const kept = [...inputEntries(entries)]
    .filter((entry) => survivors.keeps(entry))
    .map((entry) => arrayEntryOf(entry))
  assert.equal(survivors.dropped, entries.length - kept.length)
  return { entries: kept, tombstones: survivors.keptTombstones() }
}

test('no reader sees a difference, and no unneeded entry is kept', () => {
  for (const seed of seeds(seedCount)) {
    const random = new Prng(seed)
    const entries = randomVersions(random, 30).map((e) => ({ ...e, sequence: e.sequence * 2 }))
    const tombstones = Array.from({ length: random.below(5) }, () => ({
      ...randomRange(random),
      sequence: random.below(31) * 2 + 1,
    }))
    const snapshots = Array.from({ length: random.below(4) }, () => random.below(64)).sort(
      (a, b) => a - b,
    )
    const deeper = Array.from({ length: random.below(3) }, () => randomRange(random))
    const before = { entries, tombstones }
    const after = survive(before, [...new Set(snapshots)], deeper)
    const readers = [...snapshots, Infinity]
    const keys = [...entries.map(({ key }) => key), randomBound(random), randomBound(random)]
    const where = `seed ${seed}`
    for (const key of keys) {
      const liesDeeper = deeper.some((range) => rangeContains(range, key))
      for (const reader of readers) {
        const expected = answer(before, key, reader, liesDeeper)
        assert.equal(answer(after, key, reader, liesDeeper), expected, where)
      }
    }
    for (const [i, tombstone] of after.tombstones.entries()) {
      const last = after.tombstones[i - 1]
      assert.ok(i === 0 || compareRangeTombstones(last, tombstone) < 0, `${where}: out of order`)
    }
    // Every remaining version is visible to some reader; without snapshots no needless delete
    // remains.
    for (const { key, sequence } of after.entries) {
      const isSeen = readers.some((reader) => {
        const newest = entries.find((e) => e.key.equals(key) && e.sequence <= reader)
        return newest?.sequence === sequence
      })
      assert.ok(isSeen, `${where}: a version remains that no reader sees`)
    }
    if (snapshots.length > 0) continue
    for (const { key, kind } of after.entries) {
      assert.ok(kind === ValueKind.put || deeper.some((range) => rangeContains(range, key)), where)
    }
    for (const kept of after.tombstones) {
      assert.ok(
        deeper.some((range) => rangesOverlap(range, kept)),
        where,
      )
    }
  }
})

test('the newest version between two snapshots is kept', () => {
  const versions = [12, 8, 6, 3, 1].map((sequence) => ({
    key: Buffer.from('k'),
    sequence,
    kind: ValueKind.put,
    value: Buffer.alloc(0),
  }))
  const kept = survive({ entries: versions, tombstones: [] }, [4, 9], [])
  assert.deepEqual(
    kept.entries.map(({ sequence }) => sequence),
    [12, 8, 3],
  )
})

test('nested range deletes under as many snapshots do not multiply', () => {
  const count = 300
  const nested = Array.from({ length: count }, (_, i) => ({
    start: Buffer.of(i >>> 8, i & 255),
    end: Buffer.of((4 * count - i) >>> 8, (4 * count - i) & 255),
    sequence: 2 * i + 1,
  }))
  const everyOther = nested.map(({ sequence }) => sequence).filter((_, i) => i % 2 === 1)
  for (const snapshots of [[], everyOther]) {
    const { tombstones } = survive({ entries: [], tombstones: nested }, snapshots, [wholeRange])
    assert.ok(tombstones.length < 2 * count, `${tombstones.length} of ${count}`)
  }
})
