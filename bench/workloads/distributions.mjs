import { generator, scatter } from './random.mjs'

/** The skew that YCSB uses. */
const theta = 0.99

/**
 * Ranks 0, 1, 2, … with probability proportional to 1 / (rank + 1)^θ, by the method of Gray et al.,
 * "Quickly Generating Billion-Record Synthetic Databases" (SIGMOD 1994). The number of items may
 * grow: ζ(n) = Σ 1 / i^θ is continued from where it stood.
 */
export class Zipfian {
  #items = 0
  #zeta = 0
  #eta = 0
  #next

  constructor(items, seed) {
    this.#next = generator(seed)
    this.grow(items)
  }

  grow(items) {
    for (let i = this.#items + 1; i <= items; i++) this.#zeta += 1 / i ** theta
    this.#items = items
    const zetaOf2 = 1 + 0.5 ** theta
    this.#eta = (1 - (2 / items) ** (1 - theta)) / (1 - zetaOf2 / this.#zeta)
  }

  rank() {
    const uniform = this.#next() / 2 ** 32
    const scaled = uniform * this.#zeta
    if (scaled < 1) return 0
    if (scaled < 1 + 0.5 ** theta) return 1
    const rank = Math.floor(
      this.#items * (this.#eta * uniform - this.#eta + 1) ** (1 / (1 - theta)),
    )
    return Math.min(rank, this.#items - 1)
  }
}

/** YCSB "zipfian": few records are popular, and these lie anywhere among the `items`. */
export function scatteredZipfian(items, seed) {
  const zipfian = new Zipfian(items, seed)
  return () => scatter(zipfian.rank()) % items
}

/** YCSB "latest": the newest records are the popular ones. `items` is asked each time. */
export function latest(items, seed) {
  let known = items()
  const zipfian = new Zipfian(known, seed)
  return () => {
    if (items() !== known) {
      known = items()
      zipfian.grow(known)
    }
    return known - 1 - zipfian.rank()
  }
}
