import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Prng } from '../base/prng.js'
import { emptySet, TombstoneSets } from './tombstone-sets.js'
import { seeds } from '../base/testing/seed.js'

test('every version of a set keeps its members after later changes', () => {
  for (const seed of seeds(40)) {
    const prng = new Prng(seed)
    const maxRank = prng.pick([1, 2, 7, 64, 1000, 2 ** 30])
    const sets = new TombstoneSets()
    const made = [{ set: emptySet, members: new Set<number>() }]
    for (let i = 0; i < 300; i++) {
      const { set, members } = prng.chance(0.7) ? made.at(-1)! : prng.pick(made)
      const rank =
        members.size > 0 && prng.chance(0.4) ? prng.pick([...members]) : prng.below(maxRank)
      const next = new Set(members)
      if (next.delete(rank)) {
        made.push({ set: sets.without(set, rank), members: next })
      } else {
        made.push({ set: sets.with(set, rank), members: next.add(rank) })
      }
    }
    sets.trim()
    for (const { set, members } of made) {
      assert.equal(set === emptySet, members.size === 0, `seed ${seed}`)
      if (members.size === 0) continue
      const sorted = [...members].sort((a, b) => a - b)
      assert.equal(sets.highest(set), sorted.at(-1), `seed ${seed}`)
      for (const bound of [0, 1, prng.below(maxRank), prng.pick(sorted), maxRank]) {
        const below = sorted.findLast((rank) => rank < bound) ?? -1
        const from = sorted.find((rank) => rank >= bound) ?? -1
        assert.equal(sets.highestBelow(set, bound), below, `seed ${seed}, below ${bound}`)
        assert.equal(sets.lowestFrom(set, bound), from, `seed ${seed}, from ${bound}`)
      }
    }
  }
})

test('n nested additions and removals take memory proportional to n log n', () => {
  const sets = new TombstoneSets()
  const count = 4096
  let set = emptySet
  for (let rank = 0; rank < count; rank++) set = sets.with(set, rank)
  for (let rank = count - 1; rank >= 0; rank--) set = sets.without(set, rank)
  sets.trim()
  assert.equal(set, emptySet)
  // A change creates at most one node per bit; a node is three numbers of four bytes.
  assert.ok(sets.memoryBytes <= 2 * count * Math.log2(count) * 12, `${sets.memoryBytes} bytes`)
})
