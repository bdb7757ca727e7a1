import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readU64, writeU64 } from './u64.js'

test('writes and reads safe integers, the low half first', () => {
  const bytes = Buffer.alloc(10, 0xff)
  for (const value of [0, 1, 0xffff_ffff, 0x1_0000_0000, Number.MAX_SAFE_INTEGER]) {
    writeU64(bytes, 1, value)
    assert.equal(readU64(bytes, 1), value)
    assert.equal(bytes.readBigUInt64LE(1), BigInt(value))
  }
  assert.deepEqual([bytes[0], bytes[9]], [0xff, 0xff], 'no byte outside')
})
