import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GrowingBytes } from './growing-bytes.js'

test('bytes never written, or cut off, are zero', () => {
  const bytes = new GrowingBytes()
  bytes.write(2, Buffer.from('abc'))
  assert.deepEqual([...bytes.view()], [0, 0, 97, 98, 99])
  bytes.resize(3)
  bytes.resize(5)
  assert.deepEqual([...bytes.view()], [0, 0, 97, 0, 0])
})

test('a clone and its original change independently', () => {
  const change: ((bytes: GrowingBytes) => void)[] = [
    (bytes) => bytes.write(0, Buffer.from('x')),
    (bytes) => bytes.write(3, Buffer.from('defg')),
    (bytes) => bytes.resize(1),
    (bytes) => bytes.resize(6),
  ]
  for (const changed of ['clone', 'original']) {
    for (const apply of change) {
      const original = new GrowingBytes()
      original.write(0, Buffer.from('abc'))
      const clone = original.clone()
      apply(changed === 'clone' ? clone : original)
      const other = changed === 'clone' ? original : clone
      assert.equal(Buffer.from(other.view()).toString(), 'abc')
      other.resize(5)
      assert.deepEqual([...other.view()], [97, 98, 99, 0, 0])
    }
  }
})
