import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fc } from '../testing/fast-check.js'
import {
  asBuffer,
  compareBytes,
  compareRanges,
  copyBytes,
  copyInto,
  equalRanges,
  printableKey,
  sharedPrefixLength,
} from './bytes.js'
import { Prng } from '../prng.js'
import { firstSeed } from '../testing/seed.js'

/** Few different byte values, so that equal bytes and shared prefixes are common. */
const bytes = fc.uint8Array({ maxLength: 8 }).map((array) => array.map((byte) => byte & 0x81))

test('compares like Buffer.compare', () => {
  fc.assert(
    fc.property(bytes, bytes, (a, b) => {
      assert.equal(Math.sign(compareBytes(a, b)), Buffer.compare(a, b))
    }),
  )
})

test('a prefix sorts before longer strings, and bytes are unsigned', () => {
  const of = (...values: number[]) => Uint8Array.of(...values)
  assert.ok(compareBytes(of(), of(0)) < 0)
  assert.ok(compareBytes(of(1), of(1, 0)) < 0)
  assert.ok(compareBytes(of(0x7f), of(0x80)) < 0)
  assert.equal(compareBytes(of(1, 2), of(1, 2)), 0)
})

test('comparing ranges ignores the bytes around them', () => {
  fc.assert(
    fc.property(bytes, bytes, bytes, (a, b, around) => {
      const inside = Buffer.concat([around, a, around])
      const [start, end] = [around.length, around.length + a.length]
      const order = compareRanges(inside, start, end, b, 0, b.length)
      assert.equal(Math.sign(order), Buffer.compare(a, b))
      assert.equal(equalRanges(inside, start, end, b, 0, b.length), Buffer.compare(a, b) === 0)
    }),
  )
})

test('the shared prefix is the longest one', () => {
  fc.assert(
    fc.property(bytes, bytes, (a, b) => {
      const length = sharedPrefixLength(a, b)
      assert.deepEqual(a.subarray(0, length), b.subarray(0, length))
      assert.ok(length === a.length || length === b.length || a[length] !== b[length])
    }),
  )
})

test('a copy shares no memory, a Buffer view does', () => {
  const original = Uint8Array.of(1, 2, 3, 4)
  const copy = copyBytes(original, 1, 3)
  const view = asBuffer(original.subarray(1, 3))
  original.fill(9)
  assert.deepEqual([...copy], [2, 3])
  assert.deepEqual([...view], [9, 9])
  assert.equal(asBuffer(copy), copy)
})

test('printable keys are shown as text', () => {
  assert.equal(printableKey(Buffer.from('user:1')), 'user:1')
  assert.equal(printableKey(Uint8Array.of(0, 255)), '0x00ff')
  assert.equal(printableKey(Buffer.from('abcdef'), 3), 'abc…')
})

test('copies exactly the given range, of any length, also to and from shared memory', () => {
  const seed = firstSeed(20261122)
  const prng = new Prng(seed)
  const room = 5000
  for (let i = 0; i < 400; i++) {
    const length = prng.chance(0.5) ? prng.below(70) : prng.below(2000)
    const source = prng.chance(0.5) ? Buffer.alloc(room) : Buffer.from(new SharedArrayBuffer(room))
    const target = prng.chance(0.5) ? Buffer.alloc(room) : Buffer.from(new SharedArrayBuffer(room))
    source.set(prng.bytes(room))
    target.set(prng.bytes(room))
    const from = prng.below(room - length)
    const to = prng.below(room - length)
    const expected = Buffer.from(target)
    expected.set(source.subarray(from, from + length), to)
    copyInto(target, to, source, from, from + length)
    assert.ok(
      target.equals(expected),
      `seed ${seed}, copy ${i}: ${length} bytes from ${from} to ${to}`,
    )
  }
})
