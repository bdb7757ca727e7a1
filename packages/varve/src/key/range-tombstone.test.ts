import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fc } from '../base/testing/fast-check.js'
import { compareBytes } from '../base/bytes/bytes.js'
import { compareEnds, isEmptyRange, rangeContains, rangesOverlap } from './key-range.js'
import { type Fragment, RangeTombstones, type RangeTombstone } from './range-tombstone.js'

const keys = Array.from('abcdefgh', (letter) => Buffer.from(letter))

const key = fc.constantFrom(...keys)
const tombstone: fc.Arbitrary<RangeTombstone> = fc.record({
  start: key,
  end: fc.option(key),
  sequence: fc.integer({ min: 1, max: 20 }),
})
const tombstones = fc.array(tombstone, { maxLength: 20 })

function covering(tombstones: RangeTombstones, key: Buffer, visibleSequence: number): number {
  const around = Buffer.concat([Buffer.from('x'), key, Buffer.from('y')])
  return tombstones.coveringSequence(around, 1, 1 + key.length, visibleSequence)
}

/** The definition: the highest visible sequence of the tombstones that contain the key. */
function bruteForce(list: readonly RangeTombstone[], key: Buffer, visibleSequence: number): number {
  const visible = list.filter((t) => t.sequence <= visibleSequence && rangeContains(t, key))
  return Math.max(0, ...visible.map((t) => t.sequence))
}

function picture(tombstones: RangeTombstones): string[] {
  return tombstones.fragments.map((fragment) => {
    const { start, end } = fragment
    const to = end === null ? '∞' : Buffer.from(end).toString()
    const sequences = sequencesOver(tombstones, fragment).map((s) => `#${s}`)
    return `${Buffer.from(start).toString()}–${to} ${sequences.join(' ')}`
  })
}

/** Highest first, as seen by readers at lower and lower sequences. */
function sequencesOver(tombstones: RangeTombstones, fragment: Fragment): number[] {
  const sequences: number[] = []
  for (let visible = Infinity; ; visible = sequences.at(-1)! - 1) {
    const sequence = tombstones.highestVisible(fragment, visible)
    if (sequence === 0) return sequences
    sequences.push(sequence)
  }
}

const range = (start: string, end: string | null, sequence: number): RangeTombstone => ({
  start: Buffer.from(start),
  end: end === null ? null : Buffer.from(end),
  sequence,
})

test('finds the same sequence as a check of every tombstone', () => {
  fc.assert(
    fc.property(tombstones, fc.integer({ min: 0, max: 21 }), (list, visibleSequence) => {
      const cut = RangeTombstones.from(list)
      for (const key of [...keys, Buffer.alloc(0), Buffer.from('aa'), Buffer.from('h0')]) {
        const expected = bruteForce(list, key, visibleSequence)
        assert.equal(covering(cut, key, visibleSequence), expected, `key ${key.toString()}`)
      }
    }),
  )
})

test('fragments are ordered, disjoint and not empty, and have the right tombstones', () => {
  fc.assert(
    fc.property(tombstones, (list) => {
      const cut = RangeTombstones.from(list)
      const { fragments, isEmpty } = cut
      const held = list.filter((range) => !isEmptyRange(range))
      assert.equal(isEmpty, held.length === 0)
      assert.deepEqual(cut.tombstones, held)
      for (const [i, fragment] of fragments.entries()) {
        assert.ok(!isEmptyRange(fragment))
        if (i > 0) assert.ok(compareEnds(fragments[i - 1].end, fragment.start) <= 0)
        const covering = held.filter((range) => rangesOverlap(range, fragment))
        const sequences = [...new Set(covering.map(({ sequence }) => sequence))]
        sequences.sort((a, b) => b - a)
        assert.deepEqual(sequencesOver(cut, fragment), sequences)
        assert.equal(fragment.newest, sequences[0])
        for (let bound = 0; bound <= 20; bound++) {
          const lowest = sequences.findLast((sequence) => sequence > bound)
          assert.equal(cut.lowestAbove(fragment, bound), lowest)
        }
      }
    }),
  )
})

test('the index of a key is that of the first fragment that ends after it', () => {
  fc.assert(
    fc.property(tombstones, key, (list, key) => {
      const cut = RangeTombstones.from(list)
      const found = cut.fragments.findIndex((f) => f.end === null || compareBytes(f.end, key) > 0)
      const expected = found === -1 ? cut.fragments.length : found
      assert.equal(cut.indexFor(key, 0, key.length), expected)
    }),
  )
})

test('overlapping tombstones are cut at each other’s bounds', () => {
  const cut = RangeTombstones.from([range('a', 'm', 7), range('d', 't', 9)])
  assert.deepEqual(picture(cut), ['a–d #7', 'd–m #9 #7', 'm–t #9'])
})

test('cuts equal, nested, unbounded and distant tombstones', () => {
  const cut = RangeTombstones.from([
    range('p', null, 4),
    range('b', 'e', 3),
    range('c', 'd', 2),
    range('b', 'e', 3),
    range('g', 'h', 1),
  ])
  assert.deepEqual(picture(cut), ['b–c #3', 'c–d #3 #2', 'd–e #3', 'g–h #1', 'p–∞ #4'])
})

test('n nested ranges take memory proportional to n log n', () => {
  const nested = (count: number): RangeTombstones =>
    RangeTombstones.from(
      Array.from({ length: count }, (_, i) => ({
        start: numbered(i),
        end: numbered(2 * count - i),
        sequence: i + 1,
      })),
    )
  const count = 20_000
  const cut = nested(count)
  assert.equal(cut.fragments.length, 2 * count - 1)
  const bytesEach = cut.memoryBytes / count
  assert.ok(bytesEach < 100 * Math.log2(count), `${bytesEach} bytes each`)
  const probe = numbered(count)
  for (const visible of [0, 1, 777, count, Infinity]) {
    assert.equal(cut.coveringSequence(probe, 0, 4, visible), Math.min(visible, count))
  }
})

function numbered(number: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(number)
  return bytes
}

test('RangeTombstones.none covers nothing', () => {
  assert.equal(RangeTombstones.from([]), RangeTombstones.none)
  assert.equal(covering(RangeTombstones.none, keys[0], 9), 0)
})
