import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Prng } from '../base/prng.js'
import { ValueKind } from '../key/value-kind.js'
import { DeletedStretches } from './deleted-stretches.js'
import { seeds } from '../base/testing/seed.js'

const seedCount = 40
const keyCount = 40
const keyOf = (i: number): Buffer => Buffer.from(String(i).padStart(3, '0'))

function put(stretches: DeletedStretches, i: number, sequence: number): void {
  const key = keyOf(i)
  stretches.written(sequence, ValueKind.put, key, 0, key.length)
}

function add(stretches: DeletedStretches, from: number, to: number, sequence: number): void {
  stretches.add({ start: keyOf(from), end: keyOf(to), sequence, nowMs: 0 })
}

/** The keys of the stretch around a key, as text. */
function around(
  stretches: DeletedStretches,
  i: number,
  sequence: number,
  nowMs = 0,
): [string, string] | undefined {
  const found = stretches.find(keyOf(i), 0, 3, sequence, nowMs)
  return found && [String(found.start), String(found.end)]
}

test('a stretch serves readers at its sequence and time, and later', () => {
  const stretches = new DeletedStretches()
  stretches.add({ start: keyOf(10), end: keyOf(20), sequence: 5, nowMs: 100 })
  assert.deepEqual(around(stretches, 10, 5, 100), ['010', '020'])
  assert.deepEqual(around(stretches, 19, 6, 101), ['010', '020'])
  assert.equal(around(stretches, 9, 5, 100), undefined)
  assert.equal(around(stretches, 20, 5, 100), undefined)
  assert.equal(around(stretches, 15, 4, 100), undefined)
  assert.equal(around(stretches, 15, 5, 99), undefined)
})

test('what a walk found is not known to hold after a later put', () => {
  const stretches = new DeletedStretches()
  put(stretches, 50, 6)
  add(stretches, 10, 20, 5)
  assert.equal(stretches.count, 0)
  stretches.written(7, ValueKind.delete, keyOf(15), 0, 3)
  add(stretches, 10, 20, 6)
  assert.equal(stretches.count, 1)
})

test('stretches that meet become one, for readers of both', () => {
  const stretches = new DeletedStretches()
  add(stretches, 10, 20, 5)
  add(stretches, 30, 40, 9)
  add(stretches, 20, 30, 7)
  assert.equal(stretches.count, 1)
  assert.equal(around(stretches, 35, 8), undefined)
  assert.deepEqual(around(stretches, 10, 9), ['010', '040'])
})

test('a put cuts a stretch in two, and after some cuts it is forgotten', () => {
  const stretches = new DeletedStretches()
  add(stretches, 0, 900, 5)
  put(stretches, 500, 6)
  assert.deepEqual(around(stretches, 7, 6), ['000', '500'])
  assert.equal(around(stretches, 500, 6), undefined)
  assert.deepEqual(around(stretches, 501, 6), ['500\0', '900'])
  for (let i = 0; i < 100; i++) put(stretches, 499 - i, 7 + i)
  assert.equal(around(stretches, 7, 1000), undefined)
})

test('a long key, and more stretches than are remembered', () => {
  const stretches = new DeletedStretches()
  const long = Buffer.alloc(5000, 'x')
  stretches.add({ start: keyOf(1), end: long, sequence: 5, nowMs: 0 })
  assert.equal(stretches.count, 0)
  for (let i = 0; i < 40; i++) {
    add(stretches, 10 * i, 10 * i + 5, 5)
    if (i > 0) assert.ok(around(stretches, 0, 5), 'one that is used stays')
  }
  assert.equal(stretches.count, 16)
  assert.equal(around(stretches, 13, 5), undefined)
})

test('no stretch ever holds a key with a value', () => {
  for (const seed of seeds(seedCount)) {
    const random = new Prng(seed)
    const stretches = new DeletedStretches()
    const alive = new Set<number>()
    let sequence = 0
    let hits = 0
    for (let step = 0; step < 100; step++) {
      const i = random.below(keyCount)
      const kind = random.chance(0.2) ? ValueKind.put : ValueKind.delete
      stretches.written(++sequence, kind, keyOf(i), 0, 3)
      if (kind === ValueKind.put) alive.add(i)
      else alive.delete(i)
      if (random.chance(0.5)) {
        const from = random.below(keyCount)
        let to = from
        while (to < keyCount && !alive.has(to)) to++
        if (to > from) add(stretches, from, to, sequence)
      }
      for (let k = 0; k < keyCount; k++) {
        const found = around(stretches, k, sequence)
        if (found === undefined) continue
        hits++
        const inside = [...alive].filter((key) => {
          const text = String(keyOf(key))
          return text >= found[0] && text < found[1]
        })
        assert.deepEqual(inside, [], `seed ${seed}, step ${step}, ${found.join(' to ')}`)
      }
    }
    assert.ok(hits > 0)
  }
})
