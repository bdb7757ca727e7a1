import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashBytes } from './hash.js'

test('hashes never change, because filters on disk contain them', () => {
  const hashes = ['', 'a', 'ab', 'abc', 'abcd', 'abcde', 'user:0000000001'].map((text) => {
    const bytes = Buffer.from(text)
    return hashBytes(bytes, 0, bytes.length).toString(16)
  })
  assert.deepEqual(hashes, [
    'ebb6c228',
    'cd2780fb',
    'df7fed70',
    '8483d8fd',
    '95a46ea9',
    '3a1c64b7',
    'b279796a',
  ])
})

test('a hash depends on every byte of the range and on nothing else', () => {
  const bytes = Buffer.from('0123456789abcdef')
  for (let length = 1; length <= 9; length++) {
    const alone = Buffer.from(bytes.subarray(3, 3 + length))
    const hash = hashBytes(alone, 0, length)
    assert.equal(hashBytes(bytes, 3, 3 + length), hash)
    for (let i = 0; i < length; i++) {
      const changed = Buffer.from(alone)
      changed[i] ^= 0x80
      assert.notEqual(hashBytes(changed, 0, length), hash, `byte ${i} of ${length}`)
    }
  }
  assert.notEqual(hashBytes(Buffer.alloc(1), 0, 1), hashBytes(Buffer.alloc(2), 0, 2))
})

test('hashes spread neighbouring keys evenly over buckets', () => {
  const buckets = new Uint32Array(256)
  const keyCount = 256 * 100
  for (let i = 0; i < keyCount; i++) {
    const key = Buffer.from(`key${i}`)
    const hash = hashBytes(key, 0, key.length)
    buckets[hash & 255]++
  }
  // 100 each, with a standard deviation of 10.
  assert.ok(buckets.every((count) => 50 < count && count < 150))
})
