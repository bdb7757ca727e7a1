import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Prng } from '../../base/prng.js'
import { allotBits, type LevelRuns } from './filter-allocation.js'

const decayPerBit = Math.LN2 ** 2

function spent(levels: readonly LevelRuns[], bits: readonly number[]): number {
  return levels.reduce((sum, { sizeBytes }, i) => sum + sizeBytes * bits[i], 0)
}

/** The expected share of false positives for filters of these sizes, summed over all runs. */
function falsePositives(levels: readonly LevelRuns[], bits: readonly number[]): number {
  return levels.reduce((sum, { runs }, i) => sum + runs * Math.exp(-bits[i] * decayPerBit), 0)
}

function randomTree(random: Prng): LevelRuns[] {
  const ratio = 2 + random.below(10)
  let sizeBytes = 1000 + random.below(1e6)
  return Array.from({ length: 1 + random.below(6) }, () => {
    sizeBytes *= ratio
    return { runs: 1 + random.below(ratio), sizeBytes: random.chance(0.1) ? 0 : sizeBytes }
  })
}

test('all levels together get no more bits than with a uniform filter', () => {
  const random = new Prng(1)
  for (let round = 0; round < 2000; round++) {
    const levels = randomTree(random)
    const bitsPerKey = random.below(33)
    const bits = allotBits(bitsPerKey, levels)
    const uniform = levels.map(() => bitsPerKey)
    const context = JSON.stringify({ round, levels, bits })
    assert.ok(spent(levels, bits) <= spent(levels, uniform), context)
    assert.ok(
      bits.every((b) => b === 0 || (b >= 1 && b <= Math.max(20, bitsPerKey))),
      context,
    )
    if (bitsPerKey > 1) {
      const gained = falsePositives(levels, uniform) - falsePositives(levels, bits)
      assert.ok(gained > -1e-9, context)
    }
  }
})

test('moving a bit to another level never helps', () => {
  const random = new Prng(2)
  for (let round = 0; round < 500; round++) {
    const levels = randomTree(random).filter(({ sizeBytes }) => sizeBytes > 0)
    const bits = allotBits(8, levels)
    const free = levels.filter((_, i) => bits[i] > 1.1 && bits[i] < 20)
    const gains = free.map(
      ({ runs, sizeBytes }) =>
        (runs / sizeBytes) *
        Math.exp(-bits[levels.findIndex((l) => l.sizeBytes === sizeBytes)] * decayPerBit),
    )
    const [least, most] = [Math.min(...gains), Math.max(...gains)]
    if (gains.length > 1) assert.ok(most / least < 1.001, JSON.stringify({ round, levels, bits }))
  }
})

test('runs of equal size get equal bits', () => {
  assert.deepEqual(
    allotBits(10, [{ runs: 4, sizeBytes: 1e6 }]).map((bits) => Math.round(bits * 1e6) / 1e6),
    [10],
  )
  const [first, second] = allotBits(10, [
    { runs: 3, sizeBytes: 3e6 },
    { runs: 1, sizeBytes: 1e6 },
  ])
  assert.ok(Math.abs(first - second) < 1e-6)
})

test('the example of the comment', () => {
  const bits = allotBits(10, [
    { runs: 4, sizeBytes: 4e6 },
    { runs: 1, sizeBytes: 40e6 },
  ])
  assert.deepEqual(
    bits.map((b) => b.toFixed(1)),
    ['17.0', '9.3'],
  )
})

test('with few bits, a run that would get less than one gets none', () => {
  const levels = [
    { runs: 1, sizeBytes: 1e6 },
    { runs: 1, sizeBytes: 100e6 },
  ]
  const bits = allotBits(1, levels)
  assert.equal(bits[1], 0)
  assert.ok(bits[0] > 1)
  assert.deepEqual(allotBits(0, levels), [0, 0])
})
