import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Prng } from '../base/prng.js'
import { entryOf, isDelete, keyOf, mergeLists, WriteBuffer } from './key-lists.js'

test('a buffer gives the last write of each key, in order', () => {
  const prng = new Prng(1)
  const buffer = new WriteBuffer(500)
  for (let round = 0; round < 5; round++) {
    const expected = new Map<number, boolean>()
    const count = round === 0 ? 1 : prng.between(1, 500)
    for (let i = 0; i < count; i++) {
      const [key, deleted] = [prng.below(2 ** 31 - 1), prng.chance(0.5)]
      const near = prng.chance(0.5) ? key % 50 : key
      expected.set(near, deleted)
      buffer.add(entryOf(near, deleted))
    }
    assert.equal(buffer.isFull, count === 500)
    const list = [...buffer.take()].map((entry) => [keyOf(entry), isDelete(entry)])
    assert.deepEqual(
      list,
      [...expected].sort(([a], [b]) => a - b),
    )
    assert.ok(buffer.isEmpty)
  }
})

test('of several lists, the newest entry of each key', () => {
  const prng = new Prng(2)
  for (let lists = 0; lists < 9; lists++) {
    const expected = new Map<number, boolean>()
    const given = Array.from({ length: lists }, () => {
      const buffer = new WriteBuffer(40)
      while (!buffer.isFull) buffer.add(entryOf(prng.below(100), prng.chance(0.5)))
      return buffer.take()
    })
    for (const list of [...given].reverse()) {
      for (const entry of list) expected.set(keyOf(entry), isDelete(entry))
    }
    const merged = [...mergeLists(given)].map((entry) => [keyOf(entry), isDelete(entry)])
    assert.deepEqual(
      merged,
      [...expected].sort(([a], [b]) => a - b),
    )
  }
})
