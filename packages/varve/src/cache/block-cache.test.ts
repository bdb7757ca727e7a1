import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Prng } from '../base/prng.js'
import { BlockCache, CacheSlots, type HeldMemory } from './block-cache.js'
import { seeds } from '../base/testing/seed.js'

/** The content of a block; every byte identifies its table and index. */
function blockOf(table: number, index: number, sizeBytes = 100): Buffer {
  return Buffer.alloc(sizeBytes, `${table}/${index} `)
}

function bytesAt(cache: BlockCache, slots: CacheSlots, index: number): Buffer {
  return cache.bytesOf(slots, index).subarray(slots.startOf(index), slots.endOf(index))
}

/** Fills `count` slots from `first` on with blocks of 100 bytes. */
function fill(cache: BlockCache, slots: CacheSlots, first: number, count: number): void {
  for (let i = first; i < first + count; i++) cache.insert(slots, i, blockOf(0, i))
}

test('returns a copy of the inserted block until it is dropped', () => {
  const cache = new BlockCache(64_000)
  const slots = new CacheSlots(2)
  assert.equal(cache.has(slots, 1), false)
  const block = blockOf(0, 1)
  cache.insert(slots, 1, block)
  block.fill(0)
  assert.equal(cache.has(slots, 1), true)
  assert.deepEqual(bytesAt(cache, slots, 1), blockOf(0, 1))
  assert.deepEqual([cache.usedBytes, cache.hits, cache.misses], [1000, 1, 1])
  cache.drop(slots)
  assert.equal(cache.has(slots, 1), false)
})

test('the memory of a closed table serves the next one', () => {
  const cache = new BlockCache(64_000)
  const seen = new Set<ArrayBufferLike>()
  for (let table = 0; table < 10; table++) {
    const slots = new CacheSlots(100)
    fill(cache, slots, 0, 100)
    for (let i = 0; i < 100; i++) seen.add(cache.bytesOf(slots, i).buffer)
    cache.drop(slots)
    assert.equal(cache.usedBytes, 10_000)
  }
  assert.equal(seen.size, 10)
  cache.insert(new CacheSlots(1), 0, blockOf(0, 0, 64_000))
  assert.equal(cache.usedBytes, 64_000)
})

test('evicts the oldest blocks, except those used since they were inserted', () => {
  const cache = new BlockCache(64_000)
  const slots = new CacheSlots(1000)
  fill(cache, slots, 0, 640)
  assert.equal(cache.usedBytes, 64_000)
  cache.has(slots, 3)
  fill(cache, slots, 640, 1)
  const first = Array.from({ length: 11 }, (_, i) => slots.has(i))
  assert.deepEqual(first, [...[0, 0, 0, 1, 0, 0, 0, 0, 0, 0].map(Boolean), true])
  assert.deepEqual(bytesAt(cache, slots, 3), blockOf(0, 3))
  assert.deepEqual(bytesAt(cache, slots, 640), blockOf(0, 640))
  assert.equal(cache.usedBytes, 64_000)
})

test('a refill frees half of a chunk even if all of its blocks were used', () => {
  const cache = new BlockCache(64_000)
  const slots = new CacheSlots(1000)
  fill(cache, slots, 0, 640)
  for (let i = 0; i < 640; i++) cache.has(slots, i)
  fill(cache, slots, 640, 1)
  const kept = Array.from({ length: 10 }, (_, i) => slots.has(i))
  assert.deepEqual(kept, [1, 1, 1, 1, 1, 0, 0, 0, 0, 0].map(Boolean))
})

test('chunks left sparse by closed tables are evicted first', () => {
  const cache = new BlockCache(64_000)
  const old = new CacheSlots(320)
  const gone = new CacheSlots(320)
  const rest = new CacheSlots(320)
  fill(cache, old, 0, 320)
  for (let i = 0; i < 320; i++) fill(cache, i % 10 === 0 ? rest : gone, i, 1)
  cache.drop(gone)
  const next = new CacheSlots(320)
  fill(cache, next, 0, 320)
  assert.ok(Array.from({ length: 320 }, (_, i) => old.has(i) && next.has(i)).every(Boolean))
  assert.equal(rest.has(0), false)
})

test('held memory does not change, and is evicted after its release', () => {
  const cache = new BlockCache(64_000)
  const slots = new CacheSlots(4000)
  fill(cache, slots, 0, 640)
  const held = cache.hold(slots, 5)!
  const seen = bytesAt(cache, slots, 5)
  fill(cache, slots, 640, 1300)
  assert.deepEqual(seen, blockOf(0, 5))
  assert.deepEqual([slots.has(5), slots.has(9), slots.has(10)], [true, true, false])
  cache.release(held)
  fill(cache, slots, 1940, 640)
  assert.equal(slots.has(5), false)
  assert.throws(() => cache.release(held))
})

test('caches nothing new while all memory is held', () => {
  const cache = new BlockCache(64_000)
  const slots = new CacheSlots(1000)
  fill(cache, slots, 0, 640)
  const held = Array.from({ length: 64 }, (_, i) => cache.hold(slots, 10 * i)!)
  fill(cache, slots, 640, 1)
  cache.insert(slots, 641, blockOf(0, 641, 3000))
  assert.deepEqual([slots.has(640), slots.has(641), cache.usedBytes], [false, false, 64_000])
  for (const one of held) cache.release(one)
  fill(cache, slots, 640, 1)
  assert.equal(slots.has(640), true)
})

test('does not cache blocks larger than the capacity, nor anything at capacity 0', () => {
  const cache = new BlockCache(1000)
  const slots = new CacheSlots(2)
  cache.insert(slots, 0, blockOf(0, 0, 1000))
  cache.insert(slots, 1, blockOf(0, 1, 1001))
  assert.deepEqual([slots.has(0), slots.has(1), cache.usedBytes], [true, false, 1000])
  const none = new BlockCache(0)
  const others = new CacheSlots(1)
  none.insert(others, 0, blockOf(0, 0, 1))
  assert.equal(none.has(others, 0), false)
})

test('returns the right bytes and stays within its capacity', () => {
  for (const seed of seeds(100, 0)) tortureCache(seed)
})

function tortureCache(seed: number): void {
  const prng = new Prng(seed)
  const blockCount = 40
  const capacity = prng.between(0, 20_000)
  const cache = new BlockCache(capacity)
  const tables = Array.from({ length: 3 }, () => new CacheSlots(blockCount))
  const sizeOf = (table: number, index: number): number => 1 + ((table * 97 + index * 131) % 700)
  let [hits, misses] = [0, 0]
  const held: { memory: HeldMemory; bytes: Buffer; table: number; index: number }[] = []
  for (let step = 0; step < 600; step++) {
    const where = `seed ${seed}, step ${step}`
    const table = prng.below(tables.length)
    const index = prng.below(blockCount)
    const slots = tables[table]
    const action = prng.below(50)
    if (action < 25) {
      const before = slots.has(index)
      assert.equal(cache.has(slots, index), before, where)
      if (before) hits++
      else misses++
    } else if (action < 46) {
      cache.insert(slots, index, blockOf(table, index, sizeOf(table, index)))
      if (held.length === 0) assert.equal(slots.has(index), sizeOf(table, index) <= capacity, where)
    } else if (action < 47) {
      cache.drop(slots)
    } else if (action < 48) {
      const memory = cache.hold(slots, index)
      if (memory !== undefined)
        held.push({ memory, bytes: bytesAt(cache, slots, index), table, index })
    } else if (held.length > 0) {
      cache.release(held.splice(prng.below(held.length), 1)[0].memory)
    }
    for (const { bytes, table: t, index: i } of held) {
      assert.deepEqual(bytes, blockOf(t, i, sizeOf(t, i)), where)
    }
    let liveBytes = 0
    tables.forEach((of, t) => {
      for (let i = 0; i < blockCount; i++) {
        if (!of.has(i)) continue
        assert.deepEqual(bytesAt(cache, of, i), blockOf(t, i, sizeOf(t, i)), where)
        liveBytes += sizeOf(t, i)
      }
    })
    assert.ok(liveBytes <= cache.usedBytes && cache.usedBytes <= capacity, where)
  }
  assert.deepEqual([cache.hits, cache.misses], [hits, misses], `seed ${seed}`)
}
