import assert from 'node:assert/strict'
import { test } from 'node:test'
import { maxSealedMemtables } from '../../tree/arena-pool.js'
import { divideMemory } from './memory-budget.js'

const MiB = 1024 * 1024

test('without a budget, every part has its own default', () => {
  assert.deepEqual(divideMemory(undefined, undefined, undefined), {
    memtableBytes: 64 * MiB,
    cacheBytes: 64 * MiB,
    openTableBytes: Infinity,
  })
  assert.equal(divideMemory(undefined, 7, 9).memtableBytes, 7)
})

test('the parts never exceed the budget, and use most of it', () => {
  for (const memoryBytes of [16 * MiB, 100 * MiB, 8 * 1024 * MiB]) {
    for (const memtableBytes of [undefined, memoryBytes / 16]) {
      for (const cacheBytes of [undefined, 0, memoryBytes / 4]) {
        const parts = divideMemory(memoryBytes, memtableBytes, cacheBytes)
        const sum =
          parts.memtableBytes * (maxSealedMemtables + 1) + parts.cacheBytes + parts.openTableBytes
        assert.ok(sum <= 0.97 * memoryBytes, `${sum} of ${memoryBytes}`)
        assert.ok(sum > 0.8 * memoryBytes, `${sum} of ${memoryBytes}`)
        assert.equal(parts.memtableBytes, memtableBytes ?? parts.memtableBytes)
        assert.equal(parts.cacheBytes, cacheBytes ?? parts.cacheBytes)
      }
    }
  }
})

test('refuses fixed parts that leave nothing for the others', () => {
  const refusal = { code: 'INVALID_ARGUMENT', option: 'memoryBytes' }
  assert.throws(() => divideMemory(64 * MiB, 64 * MiB, undefined), refusal)
  assert.throws(() => divideMemory(64 * MiB, undefined, 63 * MiB), refusal)
})
