import { forEachSeed } from '../base/testing/seed.js'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareBytes } from '../base/bytes/bytes.js'
import { Prng } from '../base/prng.js'
import { shortestSeparator } from './separator.js'

test('separators of the examples', () => {
  const cases = [
    ['apple pie', 'banana', 'b'],
    ['ab', 'abc', 'ab'],
    ['a1 9', 'a2', 'a1!'],
    ['a1 9', 'a3', 'a2'],
    ['key', 'key', 'key'],
    ['a\xff\xff1', 'b', 'a\xff\xff1'],
    ['a\xff12', 'b', 'a\xff2'],
  ]
  for (const [last, next, expected] of cases) {
    const separator = shortestSeparator(Buffer.from(last, 'latin1'), Buffer.from(next, 'latin1'))
    assert.equal(Buffer.from(separator).toString('latin1'), expected)
  }
})

test('a separator sorts between its keys, and no shorter string does', () => {
  forEachSeed(2000, (seed) => {
    const random = new Prng(seed)
    const bytes = [0, 1, 2, 0xfe, 0xff]
    const key = () =>
      Buffer.from(Array.from({ length: random.between(1, 4) }, () => random.pick(bytes)))
    const [last, next] = [key(), key()].sort(compareBytes)
    const separator = shortestSeparator(last, next)
    if (compareBytes(last, next) === 0) return assert.deepEqual(separator, last)
    assert.ok(compareBytes(last, separator) <= 0 && compareBytes(separator, next) < 0)
    // The lowest string of a length that is not below `last` is its prefix, counted up by one.
    for (let length = 1; length < separator.length; length++) {
      const shorter = Buffer.from(last.subarray(0, length))
      let i = length - 1
      while (i >= 0 && shorter[i] === 0xff) shorter[i--] = 0
      if (i < 0) continue
      shorter[i]++
      assert.ok(compareBytes(shorter, next) >= 0, 'a shorter separator exists')
    }
  })
})
