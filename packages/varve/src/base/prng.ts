/**
 * Seeded pseudo-random numbers (xoshiro128**, Blackman and Vigna). Tests and simulations use no
 * other randomness, so a seed reproduces a run.
 */
export class Prng {
  private a: number
  private b: number
  private c: number
  private d: number

  constructor(seed: number) {
    // SplitMix-style expansion, so that neighbouring seeds give unrelated streams.
    const next = (): number => {
      seed = (seed + 0x9e3779b9) | 0
      let z = Math.imul(seed ^ (seed >>> 16), 0x21f0aaad)
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
      return z ^ (z >>> 15)
    }
    this.a = next()
    this.b = next()
    this.c = next()
    this.d = next() | 1
  }

  /** A 32-bit unsigned integer. */
  next(): number {
    const product = Math.imul(this.b, 5)
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0
    const t = this.b << 9
    this.c ^= this.a
    this.d ^= this.b
    this.b ^= this.c
    this.a ^= this.d
    this.c ^= t
    this.d = (this.d << 11) | (this.d >>> 21)
    return result
  }

  /** A number in [0, 1). */
  fraction(): number {
    return this.next() / 0x100000000
  }

  /** An integer in [0, bound). Requires: 0 < bound ≤ 2^32. */
  below(bound: number): number {
    return Math.floor(this.fraction() * bound)
  }

  /** An integer in [low, high]. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1)
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.fraction() < probability
  }

  /** A random item. Requires: `items` is not empty. */
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]
  }

  /** Random bytes. */
  bytes(length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length)
    for (let i = 0; i < length; i++) bytes[i] = this.next() & 255
    return bytes
  }
}
