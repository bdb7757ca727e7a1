import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashBytes } from './hash.js'
import { keyedHash } from './keyed-hash.js'

/** Of the bytes 0 to n − 1, under the key 00 01 … 07, as published for HalfSipHash-1-3. */
const published = [
  0x5814c896, 0xe7e864ca, 0xbc4b0e30, 0x01539939, 0x7e059ea6, 0x88e3d89b, 0xa0080b65, 0x9d38d9d6,
  0x577999b1, 0xc839caed, 0xe4fa32cf, 0x959246ee, 0x6b28096c, 0x66dd9cd6, 0x16658a7c, 0xd0257b04,
  0x8b31d501, 0x2b1cd04b,
]

test('the results are those of HalfSipHash-1-3, wherever the bytes are', () => {
  // More than 53 bits, but the lowest eight are zero.
  const secret = 0x07060504 * 2 ** 32 + 0x03020100
  const input = Buffer.from(Array.from({ length: 64 }, (_, i) => i))
  for (const [length, hash] of published.entries()) {
    for (const start of [0, 1, 7]) {
      const bytes = Buffer.concat([Buffer.alloc(start, 99), input.subarray(0, length)])
      const actual = keyedHash(bytes, start, bytes.length, secret)
      assert.equal(actual, hash, `${length} bytes at ${start}`)
    }
  }
})

test('keys that collide in the unkeyed hash do not under a secret', () => {
  const keys = collidingKeys(200)
  assert.equal(new Set(keys.map((key) => hashBytes(key, 0, key.length))).size, 1)
  for (const secret of [1, 2, 0x1234_5678_9abc]) {
    const hashes = new Set(keys.map((key) => keyedHash(key, 0, key.length, secret)))
    assert.equal(hashes.size, keys.length)
  }
})

/** Inverts the steps of `hashBytes` to find keys of eight bytes with one hash. */
function collidingKeys(count: number): Buffer[] {
  return Array.from({ length: count }, (_, i) => {
    const key = Buffer.alloc(8)
    key.writeUInt32LE(i, 0)
    key.writeUInt32LE(unmixed(mixed(i)), 4)
    return key
  })
}

const rotate = (x: number, by: number): number => (x << by) | (x >>> (32 - by))

/** The state of `hashBytes` after a first word. */
function mixed(word: number): number {
  const state = 8 ^ 0x9747b28c ^ Math.imul(rotate(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593)
  return (Math.imul(rotate(state, 13), 5) + 0xe6546b64) | 0
}

/** The second word that turns this state into 0 before the last steps. */
function unmixed(state: number): number {
  const word = Math.imul(state, inverse(0x1b873593))
  return Math.imul(rotate(word, 17), inverse(0xcc9e2d51)) >>> 0
}

/** Of an odd number, modulo 2^32. */
function inverse(odd: number): number {
  let result = odd
  for (let i = 0; i < 5; i++) result = Math.imul(result, 2 - Math.imul(odd, result))
  return result
}
