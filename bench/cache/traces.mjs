// Seeded traces of block numbers. Each is a generator of `count` accesses to `blocks` blocks.

import { Prng } from '../../packages/varve/dist/base/prng.js'

const seed = 14

/** Zipfian with exponent 0.99, over shuffled blocks. */
function zipfian(blocks, random) {
  const cumulative = new Float64Array(blocks)
  let sum = 0
  for (let i = 0; i < blocks; i++) cumulative[i] = sum += (i + 1) ** -0.99
  const shuffled = Int32Array.from({ length: blocks }, (_, i) => i)
  for (let i = blocks - 1; i > 0; i--) {
    const j = random.below(i + 1)
    ;[shuffled[i], shuffled[j]] = [shuffled[j], shuffled[i]]
  }
  return () => {
    const wanted = random.fraction() * sum
    let low = 0
    for (let high = blocks - 1; low < high;) {
      const middle = (low + high) >>> 1
      if (cumulative[middle] < wanted) low = middle + 1
      else high = middle
    }
    return shuffled[low]
  }
}

export const traces = {
  *'zipfian reads'({ blocks, count }) {
    const next = zipfian(blocks, new Prng(seed))
    for (let i = 0; i < count; i++) yield next()
  },
  /** Half of the accesses are full scans that alternate with the same number of point reads. */
  *'zipfian reads, scans of everything'({ blocks, count }) {
    const next = zipfian(blocks, new Prng(seed))
    for (let i = 0; i < count; i++) {
      yield Math.floor(i / blocks) % 2 === 0 ? next() : i % blocks
    }
  },
  /** After each 20 point reads a scan of 20 blocks from a random place. */
  *'zipfian reads, short scans'({ blocks, count }) {
    const random = new Prng(seed)
    const next = zipfian(blocks, random)
    let from = 0
    for (let i = 0; i < count; i++) {
      if (i % 40 === 20) from = random.below(blocks - 20)
      yield i % 40 < 20 ? next() : from + (i % 20)
    }
  },
  /** Around and around a range of twice the cache. */
  *'a loop of twice the cache'({ count, capacity }) {
    for (let i = 0; i < count; i++) yield i % (2 * capacity)
  },
}
