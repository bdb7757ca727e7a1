import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Prng } from '../base/prng.js'
import { RangeTombstones, type RangeTombstone } from '../key/range-tombstone.js'
import { GrowingTombstones } from './growing-tombstones.js'
import { seeds } from '../base/testing/seed.js'

test('finds the same sequences as a list rebuilt for each query', () => {
  for (const seed of seeds(20, 0)) {
    const prng = new Prng(seed)
    const growing = new GrowingTombstones()
    const all: RangeTombstone[] = []
    for (let sequence = 1; sequence <= 150; sequence++) {
      const low = prng.below(200)
      const end = prng.chance(0.05) ? null : Buffer.of(low + 1 + prng.below(50))
      const tombstone = { start: Buffer.of(low), end, sequence }
      growing.add(tombstone)
      all.push(tombstone)
      const key = Buffer.of(prng.below(256))
      const visible = prng.between(1, sequence)
      assert.equal(
        growing.coveringSequence(key, 0, 1, visible),
        RangeTombstones.from(all).coveringSequence(key, 0, 1, visible),
        `seed ${seed}, sequence ${sequence}`,
      )
    }
    assert.deepEqual(growing.toFragments(), RangeTombstones.from(all))
  }
})
