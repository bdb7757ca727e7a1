import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fc } from '../base/testing/fast-check.js'
import {
  compareEnds,
  intersectRange,
  isBefore,
  isEmptyRange,
  prefixEnd,
  rangeContains,
  rangeContainsSlice,
  rangesOverlap,
  successor,
  unionRange,
  wholeRange,
  type KeyRange,
} from './key-range.js'

/** All keys of up to two bytes from an alphabet of three: few enough to check each. */
const letters = [0, 1, 255]
const allKeys = [
  Buffer.alloc(0),
  ...letters.map((a) => Buffer.of(a)),
  ...letters.flatMap((a) => letters.map((b) => Buffer.of(a, b))),
]
const key = fc.constantFrom(...allKeys)
const range = fc.record({ start: key, end: fc.option(key) })

/** The definition: start ≤ key < end. */
function holds({ start, end }: KeyRange, key: Uint8Array): boolean {
  return Buffer.compare(start, key) <= 0 && (end === null || Buffer.compare(key, end) < 0)
}

const keysIn = (range: KeyRange) => allKeys.filter((key) => holds(range, key))

test('a range contains the keys from its start up to, but not including, its end', () => {
  fc.assert(
    fc.property(range, key, (range, key) => {
      const around = Buffer.concat([Buffer.of(7), key, Buffer.of(7)])
      assert.equal(rangeContains(range, key), holds(range, key))
      assert.equal(rangeContainsSlice(range, around, 1, 1 + key.length), holds(range, key))
      assert.equal(isBefore(key, range.end), holds({ start: Buffer.alloc(0), end: range.end }, key))
    }),
  )
  assert.ok(allKeys.every((key) => rangeContains(wholeRange, key)))
})

test('the intersection has the keys of both ranges, the union at least those of either', () => {
  fc.assert(
    fc.property(range, range, (a, b) => {
      fc.pre(!isEmptyRange(a) && !isEmptyRange(b))
      const both = keysIn(a).filter((key) => holds(b, key))
      const intersection = intersectRange(a, b)
      assert.deepEqual(intersection === undefined ? [] : keysIn(intersection), both)
      assert.equal(rangesOverlap(a, b), intersection !== undefined)
      const union = unionRange(a, b)
      assert.ok([...keysIn(a), ...keysIn(b)].every((key) => holds(union, key)))
      assert.ok(union.start === a.start || union.start === b.start)
      assert.ok(union.end === a.end || union.end === b.end)
    }),
  )
})

test('ranges that touch do not overlap', () => {
  const range = (start: string, end: string) => ({
    start: Buffer.from(start),
    end: Buffer.from(end),
  })
  assert.equal(rangesOverlap(range('a', 'b'), range('b', 'c')), false)
  assert.equal(rangesOverlap(range('a', 'b\0'), range('b', 'c')), true)
  assert.equal(intersectRange(range('a', 'b'), range('b', 'c')), undefined)
})

test('a range is empty when no key can be in it', () => {
  fc.assert(
    fc.property(range, (range) => {
      assert.equal(isEmptyRange(range), !holds(range, range.start))
    }),
  )
})

test('no key sorts between a key and its successor', () => {
  fc.assert(
    fc.property(key, key, (a, b) => {
      const isBetween = Buffer.compare(a, b) < 0 && Buffer.compare(b, successor(a)) < 0
      assert.equal(isBetween, false)
      assert.ok(Buffer.compare(a, successor(a)) < 0)
    }),
  )
})

test('the keys with a prefix are those from the prefix to its end', () => {
  fc.assert(
    fc.property(key, key, (prefix, key) => {
      const startsWith = key.subarray(0, prefix.length).equals(prefix)
      assert.equal(holds({ start: prefix, end: prefixEnd(prefix) }, key), startsWith)
    }),
  )
  assert.equal(prefixEnd(Buffer.of(255, 255)), null)
  assert.deepEqual(prefixEnd(Buffer.of(1, 255)), Buffer.of(2))
})

test('an unbounded end sorts after every other end', () => {
  assert.equal(compareEnds(null, null), 0)
  assert.ok(compareEnds(null, Buffer.of(255)) > 0)
  assert.ok(compareEnds(Buffer.of(255), null) < 0)
  assert.ok(compareEnds(Buffer.of(1), Buffer.of(2)) < 0)
})
