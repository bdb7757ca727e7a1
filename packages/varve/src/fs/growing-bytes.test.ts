import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GrowingBytes } from './growing-bytes.js'

test('what was never written, or was cut off, is zero', () => {
  const bytes = new GrowingBytes()
  bytes.write(2, Buffer.from('abc'))
  assert.deepEqual([...bytes.view()], [0, 0, 97, 98, 99])
  bytes.resize(3)
  bytes.resize(5)
  assert.deepEqual([...bytes.view()], [0, 0, 97, 0, 0])
  const clone = bytes.clone()
  bytes.write(0, Buffer.from('x'))
  assert.equal(clone.view()[0], 0)
})
