const keyBytes = 16
export const valueBytes = 20
const stride = 7_368_787
/** The first eight bytes of a key come from here, six bits each. All keys share the rest. */
const alphabet = Buffer.from('-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz')
const bitsPerKey = 48

/**
 * Keys spread evenly over the whole key space, so the number of bytes that distinguishes them does
 * not depend on their count. Owned by: one measurement.
 */
export class ScatteredKeys {
  /** The key returned by the last call. */
  readonly key = Buffer.alloc(keyBytes, ':')
  readonly value = Buffer.alloc(valueBytes, 'v')

  /** Requires: `count` shares no factor with the stride; a power of ten does not. */
  constructor(readonly count: number) {}

  /** The i-th written key, in an order that visits each key once. */
  present(i: number): Buffer {
    return this.write(2 * this.scattered(i))
  }

  /** A key between two written keys. */
  absent(i: number): Buffer {
    return this.write(2 * this.scattered(i) + 1)
  }

  private scattered(i: number): number {
    return (i * stride) % this.count
  }

  private write(position: number): Buffer {
    let rest = Math.floor(position * (2 ** bitsPerKey / (2 * this.count)))
    for (let at = bitsPerKey / 6 - 1; at >= 0; at--) {
      this.key[at] = alphabet[rest % 64]
      rest = Math.floor(rest / 64)
    }
    return this.key
  }
}
