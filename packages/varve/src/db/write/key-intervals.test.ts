import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Prng } from '../../base/prng.js'
import { seeds } from '../../base/testing/seed.js'
import { type KeyInterval, KeyIntervals } from './key-intervals.js'

const keys = ['', '\0', 'a', 'a\0', 'b', 'c', 'd', 'e', '\xff']

function drawIntervals(random: Prng): KeyInterval[] {
  return Array.from({ length: random.below(6) }, () => ({
    start: random.pick(keys),
    end: random.chance(0.1) ? null : random.pick(keys),
  }))
}

function isWithin(key: string, { start, end }: KeyInterval): boolean {
  return key >= start && (end === null || key < end)
}

test('answers as a search of every interval does', () => {
  for (const seed of seeds(500)) {
    const random = new Prng(seed)
    const intervals = drawIntervals(random)
    const merged = new KeyIntervals(intervals)
    for (const key of keys) {
      assert.equal(
        merged.includes(key),
        intervals.some((interval) => isWithin(key, interval)),
        JSON.stringify({ key, intervals }),
      )
      for (const end of [null, ...keys]) {
        const range = { start: key, end }
        const expected = intervals.some((interval) => overlap(interval, range))
        if (end !== null && end <= key) continue
        assert.equal(merged.overlaps(key, end), expected, JSON.stringify({ range, intervals }))
      }
    }
  }
})

/** Two ranges overlap if one holds the start of the other, and neither is empty. */
function overlap(a: KeyInterval, b: KeyInterval): boolean {
  if (!isWithin(a.start, a) || !isWithin(b.start, b)) return false
  return isWithin(a.start, b) || isWithin(b.start, a)
}
