import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareBytes } from '../base/bytes/bytes.js'
import { Prng } from '../base/prng.js'
import type { InternalIterator } from '../entry/internal-iterator.js'
import { isEmptyRange, type KeyRange, rangeContains, successor } from '../key/key-range.js'
import { type RangeTombstone, RangeTombstones } from '../key/range-tombstone.js'
import { ValueKind } from '../key/value-kind.js'
import {
  type ArrayEntry,
  ArrayIterator,
  compareEntries,
  entryOf,
  randomBound,
  randomVersions,
} from '../testing/kit/array-iterator.js'
import { ConcatenatingIterator } from './concatenating-iterator.js'
import { CoveringTombstones } from './covering-tombstones.js'
import { DeletedStretches } from './deleted-stretches.js'
import { MergingIterator } from './merging-iterator.js'
import { VisibleIterator } from './visible-iterator.js'
import { seeds } from '../base/testing/seed.js'

const seedCount = 300

async function forEachSeed(body: (random: Prng) => Promise<void>): Promise<void> {
  for (const seed of seeds(seedCount)) {
    try {
      await body(new Prng(seed))
    } catch (cause) {
      throw new Error(`failed with VARVE_SEED=${seed}`, { cause })
    }
  }
}

async function settled(iterator: InternalIterator): Promise<void> {
  while (iterator.pending) await iterator.load()
}

/** Walks in both directions from every position, and compares with the array. */
async function checkWalks(
  open: () => InternalIterator,
  expected: readonly ArrayEntry[],
  random: Prng,
): Promise<void> {
  const target = randomBound(random)
  const from = expected.filter(({ key }) => compareBytes(key, target) >= 0)
  const before = expected.filter(({ key }) => compareBytes(key, target) < 0).reverse()
  const walks: [(iterator: InternalIterator) => void, 'next' | 'prev', readonly ArrayEntry[]][] = [
    [(iterator) => iterator.seekToFirst(), 'next', expected],
    [(iterator) => iterator.seekToLast(), 'prev', [...expected].reverse()],
    [(iterator) => iterator.seek(target), 'next', from],
    [(iterator) => iterator.seekBefore(target), 'prev', before],
  ]
  for (const [start, step, wanted] of walks) {
    const iterator = open()
    const came: ArrayEntry[] = []
    start(iterator)
    for (await settled(iterator); iterator.valid; await settled(iterator)) {
      came.push(entryOf(iterator))
      iterator[step]()
    }
    iterator.close()
    assert.deepEqual(came, wanted, step)
  }
}

function maybePending(random: Prng): Prng | undefined {
  return random.chance(0.7) ? random : undefined
}

/** Distributes the entries over `count` arrays, each in order. */
function deal(random: Prng, entries: readonly ArrayEntry[], hands: number): ArrayEntry[][] {
  const dealt = Array.from({ length: hands }, (): ArrayEntry[] => [])
  for (const entry of entries) random.pick(dealt).push(entry)
  return dealt
}

test('merging: all entries of all children, in order, in both directions', () =>
  forEachSeed(async (random) => {
    const entries = randomVersions(random, 40)
    const runs = deal(random, entries, random.between(1, 5))
    const pending = maybePending(random)
    await checkWalks(
      () => new MergingIterator(runs.map((run) => new ArrayIterator(run, pending))),
      entries,
      random,
    )
  }))

test('merging: an entry in two children is returned twice', () => {
  const entries = randomVersions(new Prng(5), 20)
  const merging = new MergingIterator([new ArrayIterator(entries), new ArrayIterator(entries)])
  merging.seekToFirst()
  for (const entry of entries) {
    for (let times = 0; times < 2; times++) {
      assert.deepEqual(entryOf(merging), entry)
      merging.next()
    }
  }
  assert.ok(!merging.valid)
})

test('concatenating: table after table, skipping empty ones', () =>
  forEachSeed(async (random) => {
    const entries = randomVersions(random, 40)
    const tables = tablesOf(random, entries)
    const pending = maybePending(random)
    const open: ArrayIterator[] = []
    await checkWalks(
      () =>
        new ConcatenatingIterator(tables, (table) => {
          assert.ok(
            open.every(({ isClosed }) => isClosed),
            'two tables are open',
          )
          const iterator = new ArrayIterator(table.entries, pending)
          open.push(iterator)
          return iterator
        }),
      entries,
      random,
    )
    assert.ok(open.every(({ isClosed }) => isClosed))
  }))

/** Cuts the entries between keys into tables; some are empty, as with only range deletes. */
function tablesOf(random: Prng, entries: readonly ArrayEntry[]) {
  const tables: { range: KeyRange; entries: ArrayEntry[] }[] = []
  for (const entry of entries) {
    const last = tables.at(-1)
    const isSameKey = last?.entries.at(-1)?.key.equals(entry.key) === true
    if (last === undefined || (!isSameKey && random.chance(0.3))) {
      tables.push({ range: { start: entry.key, end: successor(entry.key) }, entries: [entry] })
      continue
    }
    last.entries.push(entry)
    last.range = { start: last.range.start, end: successor(entry.key) }
  }
  const behind = { range: { start: Buffer.from('x'), end: null }, entries: [] }
  return random.chance(0.3) ? [...tables, behind] : tables
}

function randomRange(random: Prng): KeyRange {
  for (;;) {
    const start = random.chance(0.2) ? Buffer.alloc(0) : randomBound(random)
    const end = random.chance(0.2) ? null : randomBound(random)
    if (!isEmptyRange({ start, end })) return { start, end }
  }
}

/** The definition: the newest visible version of each key, unless it is deleted. */
function visible(
  entries: readonly ArrayEntry[],
  tombstones: readonly RangeTombstone[],
  sequence: number,
  range: KeyRange,
): [string, string][] {
  const found: [string, string][] = []
  let last: Buffer | undefined
  for (const entry of entries) {
    if (entry.sequence > sequence || last?.equals(entry.key) === true) continue
    last = entry.key
    const isCovered = tombstones.some(
      (tombstone) =>
        tombstone.sequence <= sequence &&
        tombstone.sequence > entry.sequence &&
        rangeContains(tombstone, entry.key),
    )
    if (entry.kind === ValueKind.delete || isCovered || !rangeContains(range, entry.key)) continue
    found.push([entry.key.toString(), entry.value.toString()])
  }
  return found
}

test('visible: shows a reader the right versions among deletes and range deletes', () =>
  forEachSeed(async (random) => {
    // Every third sequence may belong to a range delete.
    const entries = randomVersions(random, 40).map((entry) => ({
      ...entry,
      sequence: entry.sequence * 3,
    }))
    entries.sort(compareEntries)
    const tombstones = Array.from({ length: random.below(5) }, () => ({
      ...randomRange(random),
      sequence: random.below(40) * 3 + 1,
    }))
    const lists = tombstones.map((tombstone) => RangeTombstones.from([tombstone]))
    const range = randomRange(random)
    const sequence = random.below(130)
    const expected = visible(entries, tombstones, sequence, range)
    for (const reverse of [false, true]) {
      const runs = deal(random, entries, 3)
      const pending = maybePending(random)
      const source = new MergingIterator(runs.map((run) => new ArrayIterator(run, pending)))
      const covering = new CoveringTombstones(lists)
      const iterator = new VisibleIterator(
        source,
        covering,
        sequence,
        range,
        reverse,
        0,
        new DeletedStretches(),
      )
      const came: [string, string][] = []
      iterator.start()
      for (;;) {
        while (iterator.pending) await iterator.load()
        if (!iterator.valid) break
        const { keyBytes, keyStart, keyEnd, valueBytes, valueStart, valueEnd } = iterator
        came.push([
          Buffer.from(keyBytes.subarray(keyStart, keyEnd)).toString(),
          Buffer.from(valueBytes.subarray(valueStart, valueEnd)).toString(),
        ])
        iterator.next()
      }
      iterator.close()
      assert.deepEqual(reverse ? came.reverse() : came, expected)
    }
  }))
