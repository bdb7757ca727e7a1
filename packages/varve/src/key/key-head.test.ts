import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareBytes } from '../base/bytes/bytes.js'
import { Prng } from '../base/prng.js'
import { keyHead } from './key-head.js'
import { seeds } from '../base/testing/seed.js'

test('heads never contradict the order of their keys', () => {
  for (const seed of seeds(2000, 0)) {
    const prng = new Prng(seed)
    const draw = (): Buffer => {
      const bytes = prng.bytes(prng.between(0, 9))
      for (let i = 0; i < bytes.length; i++) bytes[i] = [0, 1, 127, 128, 255][bytes[i] % 5]
      return bytes
    }
    const [a, b] = [draw(), draw()]
    const order = Math.sign(keyHead(a, 0, a.length) - keyHead(b, 0, b.length))
    assert.ok(order === 0 || order === Math.sign(compareBytes(a, b)), `seed ${seed}`)
    if (order === 0 && a.length >= 6)
      assert.deepEqual(a.subarray(0, 6), b.subarray(0, 6), `seed ${seed}`)
  }
})

test('a head depends only on the bytes between its start and the end of the key', () => {
  const bytes = Buffer.from('..abcdefgh')
  assert.equal(keyHead(bytes, 2, 8), 0x616263646566)
  assert.equal(keyHead(bytes, 2, 4), 0x616200000000)
})
