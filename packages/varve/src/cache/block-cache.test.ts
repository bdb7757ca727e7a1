import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Prng } from '../base/prng.js'
import { BlockCache, type CacheSlots } from './block-cache.js'

test('hands out what was inserted, until it is dropped', () => {
  const cache = new BlockCache<string>(100)
  const slots: CacheSlots<string> = []
  assert.equal(cache.get(slots, 1), undefined)
  cache.insert(slots, 1, 'block', 40)
  assert.equal(cache.get(slots, 1), 'block')
  assert.deepEqual([cache.usedBytes, cache.hits, cache.misses], [40, 1, 1])
  cache.drop(slots)
  assert.equal(cache.get(slots, 1), undefined)
  assert.equal(cache.usedBytes, 0)
})

test('evicts the least recently used, and clears its slot', () => {
  const cache = new BlockCache<string>(100)
  const one: CacheSlots<string> = []
  const two: CacheSlots<string> = []
  cache.insert(one, 0, 'a', 40)
  cache.insert(two, 0, 'b', 40)
  assert.equal(cache.get(one, 0), 'a')
  cache.insert(two, 1, 'c', 40)
  assert.equal(two[0], undefined)
  assert.deepEqual([cache.get(one, 0), cache.get(two, 1)], ['a', 'c'])
})

test('does not keep what is larger than the capacity, nor anything at capacity 0', () => {
  const cache = new BlockCache<string>(100)
  const slots: CacheSlots<string> = []
  cache.insert(slots, 0, 'fits', 100)
  cache.insert(slots, 1, 'does not', 101)
  assert.deepEqual([cache.get(slots, 0), cache.get(slots, 1)], ['fits', undefined])
  cache.insert(slots, 0, 'grew', 101)
  assert.equal(cache.get(slots, 0), undefined)
  cache.setCapacity(0)
  cache.insert(slots, 0, 'small', 1)
  assert.equal(cache.get(slots, 0), undefined)
})

test('a use counts once a quarter of the capacity has been inserted behind it', () => {
  const cache = new BlockCache<string>(100)
  const slots: CacheSlots<string> = []
  for (const [index, sizeBytes] of [40, 40, 20].entries()) {
    cache.insert(slots, index, `block ${index}`, sizeBytes)
  }
  cache.get(slots, 0)
  cache.get(slots, 1)
  cache.insert(slots, 3, 'new', 40)
  // 60 bytes came behind block 0, which therefore moved; only 20 behind block 1, which did not.
  assert.deepEqual(
    slots.map((entry) => entry?.value),
    ['block 0', undefined, 'block 2', 'new'],
  )
})

/** The same promises kept the slow way: a Map in the order of use. */
class Model {
  readonly entries = new Map<string, { value: number; sizeBytes: number; linkedAt: number }>()
  insertedBytes = 0

  constructor(public capacity: number) {}

  get usedBytes(): number {
    return [...this.entries.values()].reduce((sum, entry) => sum + entry.sizeBytes, 0)
  }

  get(key: string): number | undefined {
    const entry = this.entries.get(key)
    if (entry === undefined) return undefined
    if (this.insertedBytes - entry.linkedAt > this.capacity / 4) {
      this.entries.delete(key)
      this.entries.set(key, { ...entry, linkedAt: this.insertedBytes })
    }
    return entry.value
  }

  insert(key: string, value: number, sizeBytes: number): void {
    this.entries.delete(key)
    if (sizeBytes > this.capacity) return
    this.insertedBytes += sizeBytes
    this.entries.set(key, { value, sizeBytes, linkedAt: this.insertedBytes })
    this.evict()
  }

  evict(): void {
    for (const key of this.entries.keys()) {
      if (this.usedBytes <= this.capacity) return
      this.entries.delete(key)
    }
  }
}

test('does what a naive list of uses does', () => {
  for (let seed = 0; seed < 200; seed++) compareWithModel(seed)
})

function compareWithModel(seed: number): void {
  const prng = new Prng(seed)
  const capacity = prng.between(0, 60)
  const cache = new BlockCache<number>(capacity)
  const model = new Model(capacity)
  const tables: CacheSlots<number>[] = [[], [], []]
  let [hits, misses] = [0, 0]
  for (let step = 0; step < 300; step++) {
    const table = prng.below(tables.length)
    const index = prng.below(5)
    const key = `${table}/${index}`
    const where = `seed ${seed}, step ${step}`
    const action = prng.below(40)
    if (action < 20) {
      const expected = model.get(key)
      if (expected === undefined) misses++
      else hits++
      assert.equal(cache.get(tables[table], index), expected, where)
    } else if (action < 38) {
      const sizeBytes = prng.between(1, 20)
      cache.insert(tables[table], index, step, sizeBytes)
      model.insert(key, step, sizeBytes)
    } else if (action === 38) {
      cache.drop(tables[table])
      for (let i = 0; i < 5; i++) model.entries.delete(`${table}/${i}`)
    } else {
      model.capacity = prng.between(0, 60)
      model.evict()
      cache.setCapacity(model.capacity)
    }
    const cached = tables.flatMap((slots, t) =>
      Array.from(slots, (entry, i) => (entry === undefined ? [] : [`${t}/${i}`])).flat(),
    )
    assert.deepEqual(cached, [...model.entries.keys()].sort(), where)
    assert.equal(cache.usedBytes, model.usedBytes, where)
    assert.deepEqual([cache.hits, cache.misses], [hits, misses], where)
  }
}
