import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareBytes, emptyBytes } from '../base/bytes/bytes.js'
import { hashBytes } from '../base/bytes/hash.js'
import { Prng } from '../base/prng.js'
import type { InternalIterator } from '../entry/internal-iterator.js'
import { maxSequence } from '../key/limits.js'
import { LookupState, PointLookup } from '../entry/point-lookup.js'
import { ValueKind } from '../key/value-kind.js'
import { readInput } from '../testing/kit/input-entry.js'
import { MemTable } from './memtable.js'
import { MemTableArena } from './memtable-arena.js'
import { openSealedMemTable } from './sealed-memtable.js'
import { firstSeed, repeatCommand } from '../base/testing/seed.js'

const seed = firstSeed(20260801)

interface ModelEntry {
  readonly key: Buffer
  readonly sequence: number
  readonly kind: number
  readonly value: Buffer
}

/** A memtable next to the simplest model with the same behaviour. */
class Pair {
  readonly entries: ModelEntry[] = []
  usedBytes = 0
  sequence = 0

  constructor(
    readonly table: MemTable,
    readonly prng: Prng,
    readonly randomKey: () => Buffer,
  ) {}

  insertRandom(): void {
    this.sequence += this.prng.between(1, 3)
    const isDelete = this.prng.chance(0.2)
    const value = isDelete ? emptyBytes : this.prng.bytes(this.prng.below(60))
    const kind = isDelete ? ValueKind.delete : ValueKind.put
    this.insert({ key: this.randomKey(), sequence: this.sequence, kind, value })
  }

  insert(entry: ModelEntry): void {
    const { key, value } = entry
    // As in a batch, key and value are within a larger buffer.
    const batch = Buffer.concat([Buffer.from('<'), key, Buffer.from('='), value, Buffer.from('>')])
    const valueStart = key.length + 2
    const valueEnd = valueStart + value.length
    const { sequence, kind } = entry
    this.table.insert(sequence, kind, batch, 1, key.length + 1, batch, valueStart, valueEnd)
    batch.fill(0xee)
    this.usedBytes += MemTable.entryBytes(key.length, value.length)
    this.entries.push(entry)
  }

  ordered(): ModelEntry[] {
    return [...this.entries].sort((a, b) => compareBytes(a.key, b.key) || b.sequence - a.sequence)
  }
}

/** Few keys with many versions and prefixes of each other, or many keys with few. */
const keyMakers: ((prng: Prng) => () => Buffer)[] = [
  (prng) => () => Buffer.from(Array.from({ length: prng.between(1, 5) }, () => prng.below(3))),
  (prng) => () => prng.bytes(prng.between(1, 20)),
  (prng) => () => Buffer.from(`user:${prng.below(2000)}:${prng.pick(['', 'name', 'age'])}`),
  (prng) => () => Buffer.concat([Buffer.alloc(prng.below(40), 'x'), prng.bytes(2)]),
]

function newPair(caseSeed: number, ordered: boolean): Pair {
  const prng = new Prng(caseSeed)
  const randomKey = keyMakers[caseSeed % keyMakers.length](prng)
  return new Pair(new MemTable(1 << 20, { ordered }), prng, randomKey)
}

function forEachCase(name: string, run: (pair: Pair) => void): void {
  for (const ordered of [false, true]) {
    test(`${name}, ordered ${ordered ? 'from the start' : 'on demand'}`, () => {
      for (let caseSeed = seed; caseSeed < seed + 8; caseSeed++) {
        try {
          run(newPair(caseSeed, ordered))
        } catch (error) {
          throw new Error(repeatCommand(caseSeed), { cause: error })
        }
      }
    })
  }
}

forEachCase('get answers with the newest visible version', (pair) => {
  const { prng, table, entries } = pair
  const lookup = new PointLookup()
  for (let i = 0; i < 3000; i++) {
    pair.insertRandom()
    const key = prng.chance(0.5) ? prng.pick(entries).key : pair.randomKey()
    const visible = prng.chance(0.5) ? pair.sequence : prng.below(pair.sequence + 1)
    const expected = entries.findLast((e) => e.sequence <= visible && e.key.equals(key))
    lookup.start(Buffer.concat([key, Buffer.from('tail')]), key.length, visible, true)
    table.get(lookup)
    assert.equal(lookup.state === LookupState.found, expected !== undefined)
    if (expected === undefined) continue
    assert.equal(lookup.sequence, expected.sequence)
    assert.equal(lookup.kind, expected.kind)
    const value = lookup.valueBytes.subarray(lookup.valueStart, lookup.valueEnd)
    assert.ok(value.equals(expected.value))
  }
})

forEachCase('iterators walk and seek both ways', (pair) => {
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 1500; i++) pair.insertRandom()
    const expected = pair.ordered()
    const live = pair.table.iterator()
    checkWalks(live, expected)
    checkSeeks(live, expected, pair)
    live.close()
  }
  assert.deepEqual(readInput(openSealedMemTable(pair.table.seal()).input), pair.ordered())
})

forEachCase('an iterator neither loses nor repeats entries while others are inserted', (pair) => {
  const { prng, table } = pair
  for (let i = 0; i < 700; i++) pair.insertRandom()
  const visible = pair.sequence
  const expected = pair.ordered()
  const iterator = table.iterator()
  const other = table.iterator()
  let position = 0
  iterator.seekToFirst()
  let forward = true
  for (let step = 0; step < 4000 && position >= 0 && position < expected.length; step++) {
    skipNewer(iterator, visible, forward)
    assertShows(iterator, expected[position])
    if (prng.chance(0.5)) for (let i = prng.below(6); i > 0; i--) pair.insertRandom()
    // A read sorts the entries that were added there.
    if (prng.chance(0.5)) other.seek(prng.chance(0.5) ? expected[position].key : pair.randomKey())
    assertShows(iterator, expected[position])
    if (prng.chance(0.02)) forward = !forward
    if (forward) iterator.next()
    else iterator.prev()
    position += forward ? 1 : -1
  }
  skipNewer(iterator, visible, forward)
  assert.equal(iterator.valid, position >= 0 && position < expected.length)
  checkWalks(iterator, pair.ordered())
  iterator.close()
  other.close()
})

forEachCase('counts its bytes and entries exactly', (pair) => {
  const { table } = pair
  assert.ok(table.isEmpty)
  for (let i = 0; i < 500; i++) pair.insertRandom()
  table.insertRangeDelete(pair.sequence + 1, Buffer.from('abc'), Buffer.from('abcde'))
  table.insertRangeDelete(pair.sequence + 2, Buffer.from('b'), null)
  const rangeDeletes = MemTable.entryBytes(3, 5) + MemTable.entryBytes(1, 0)
  assert.equal(table.usedBytes, pair.usedBytes + rangeDeletes)
  assert.equal(table.entryCount, 500)
  assert.equal(
    table.deleteCount,
    pair.entries.filter((entry) => entry.kind === ValueKind.delete).length,
  )
  assert.equal(table.rangeDeleteCount, 2)
  assert.equal(table.minSequence, pair.entries[0].sequence)
  assert.equal(table.maxSequence, pair.sequence + 2)
  assert.ok(table.hasRoom(table.capacityBytes - table.usedBytes))
  assert.ok(!table.hasRoom(table.capacityBytes - table.usedBytes + 1))
})

test('a capacity of exactly one entry holds that entry and no more', () => {
  for (const [keyLength, valueLength] of [
    [1, 0],
    [3, 2],
    [65_536, 5],
    [4, 200_001],
  ]) {
    const table = new MemTable(MemTable.entryBytes(keyLength, valueLength))
    const bytes = Buffer.alloc(Math.max(keyLength, valueLength), 9)
    table.insert(maxSequence, ValueKind.put, bytes, 0, keyLength, bytes, 0, valueLength)
    assert.equal(table.usedBytes, table.capacityBytes)
    const iterator = table.iterator()
    iterator.seekToFirst()
    assert.equal(iterator.sequence, maxSequence)
    assert.equal(iterator.keyEnd - iterator.keyStart, keyLength)
    assert.equal(iterator.valueEnd - iterator.valueStart, valueLength)
  }
})

test('keys inserted in ascending or descending order are in order', () => {
  for (const step of [1, -1]) {
    const pair = new Pair(new MemTable(1 << 20, { ordered: true }), new Prng(1), () => emptyBytes)
    for (let i = 1; i <= 5000; i++) {
      const key = Buffer.from(String(50_000 + step * i))
      pair.insert({ key, sequence: i, kind: ValueKind.put, value: emptyBytes })
    }
    checkWalks(pair.table.iterator(), pair.ordered())
  }
})

test('two keys with the same hash stay separate', () => {
  const seen = new Map<number, Buffer>()
  const prng = new Prng(seed)
  for (let pairs = 0; pairs < 2;) {
    const key = prng.bytes(12)
    const hash = hashBytes(key, 0, key.length)
    const other = seen.get(hash)
    seen.set(hash, key)
    if (other === undefined) continue
    pairs++
    const pair = new Pair(new MemTable(4096), prng, () => prng.pick([key, other]))
    for (let i = 0; i < 20; i++) pair.insertRandom()
    const lookup = new PointLookup()
    for (const wanted of [key, other]) {
      lookup.start(wanted, wanted.length, pair.sequence, true)
      pair.table.get(lookup)
      const newest = pair.entries.findLast((entry) => entry.key === wanted)
      assert.equal(lookup.sequence, newest?.sequence)
    }
  }
})

test('range deletes are listed, cached until the next one, and outlive the arena', () => {
  const table = new MemTable(4096)
  assert.ok(table.rangeTombstones().isEmpty)
  table.insertRangeDelete(5, Buffer.from('b'), Buffer.from('d'))
  const first = table.rangeTombstones()
  assert.equal(table.rangeTombstones(), first)
  table.insertRangeDelete(9, Buffer.from('c'), null)
  const both = table.rangeTombstones()
  const reused = new MemTable(table.releaseArena())
  reused.insertRangeDelete(1, Buffer.from('zzz'), Buffer.from('zzzz'))
  const covering = (key: string, visible = 100): number =>
    both.coveringSequence(Buffer.from(key), 0, key.length, visible)
  assert.deepEqual(
    ['a', 'b', 'c', 'd'].map((key) => covering(key)),
    [0, 5, 9, 9],
  )
  assert.equal(covering('c', 8), 5)
  assert.equal(first.fragments.length, 1)
  assert.equal(both.fragments.at(-1)?.end, null)
})

test('a recycled arena shows nothing of its previous memtable', () => {
  const arena = new MemTableArena(1 << 20)
  let table = new MemTable(arena)
  let committed = table.memoryBytes
  for (let round = 0; round < 3; round++) {
    const pair: Pair = new Pair(table, new Prng(seed + round), () =>
      Buffer.from([round, pair.sequence]),
    )
    for (let i = 0; i < 2000 >> round; i++) pair.insertRandom()
    assert.ok(table.memoryBytes >= committed, 'touched pages stay')
    committed = table.memoryBytes
    const iterator = table.iterator()
    checkWalks(iterator, pair.ordered())
    assert.throws(() => table.releaseArena(), /iterators still use the arena/)
    iterator.close()
    assert.equal(table.releaseArena(), arena)
    table = new MemTable(arena)
    assert.ok(table.isEmpty)
    const lookup = new PointLookup()
    lookup.start(pair.entries[0].key, 2, pair.sequence, true)
    table.get(lookup)
    assert.equal(lookup.state, LookupState.searching)
  }
})

test('rejects descending sequences, and inserts into a full or sealed memtable', () => {
  const table = new MemTable(MemTable.entryBytes(1, 0) * 2)
  const key = Buffer.from('k')
  const insert = (sequence: number): void =>
    table.insert(sequence, ValueKind.put, key, 0, 1, key, 0, 0)
  insert(5)
  assert.throws(() => insert(5), /sequences ascend/)
  insert(6)
  assert.throws(() => insert(7), /full/)
  table.seal()
  assert.throws(() => insert(7), /sealed/)
  assert.equal(table.entryCount, 2)
})

test('reports whether it was scanned, and keeps the order only then', () => {
  const table = new MemTable(1 << 20)
  const before = table.memoryBytes
  assert.ok(!table.wasScanned)
  openSealedMemTable(table.seal())
  assert.ok(!table.wasScanned, 'a flush is not a scan')
  assert.equal(table.memoryBytes, before)
  table.iterator().close()
  assert.ok(table.wasScanned)
  assert.ok(table.memoryBytes > before)
})

function checkWalks(iterator: InternalIterator, expected: readonly ModelEntry[]): void {
  iterator.seekToFirst()
  for (const entry of expected) {
    assertShows(iterator, entry)
    iterator.next()
  }
  assert.ok(!iterator.valid)
  iterator.seekToLast()
  for (const entry of expected.toReversed()) {
    assertShows(iterator, entry)
    iterator.prev()
  }
  assert.ok(!iterator.valid)
}

function checkSeeks(iterator: InternalIterator, expected: readonly ModelEntry[], pair: Pair): void {
  for (let i = 0; i < 200; i++) {
    const target = pair.prng.chance(0.05) ? emptyBytes : pair.randomKey()
    iterator.seek(new Uint8Array(target))
    assertShows(
      iterator,
      expected.find((entry) => compareBytes(entry.key, target) >= 0),
    )
    iterator.seekBefore(target)
    assertShows(
      iterator,
      expected.findLast((entry) => compareBytes(entry.key, target) < 0),
    )
  }
}

function skipNewer(iterator: InternalIterator, visible: number, forward: boolean): void {
  while (iterator.valid && iterator.sequence > visible) {
    if (forward) iterator.next()
    else iterator.prev()
  }
}

function assertShows(iterator: InternalIterator, entry: ModelEntry | undefined): void {
  assert.equal(iterator.valid, entry !== undefined)
  if (entry === undefined) return
  assert.equal(iterator.sequence, entry.sequence)
  assert.equal(iterator.kind, entry.kind)
  const { keyBytes, keyStart, keyEnd, valueBytes, valueStart, valueEnd } = iterator
  assert.ok(entry.key.equals(keyBytes.subarray(keyStart, keyEnd)))
  assert.ok(entry.value.equals(valueBytes.subarray(valueStart, valueEnd)))
}
