const keyBytes = 16
export const valueBytes = 20
const stride = 7_368_787
/** Of these a key has eight in front, which hold six bits each; what is behind them all keys share. */
const alphabet = Buffer.from('-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz')
const bitsPerKey = 48

/**
 * Keys that lie evenly over all there could be, so that the same number of bytes tells them apart however
 * many they are. Owned by: one measurement.
 */
export class ScatteredKeys {
  /** Holds the key last asked for. */
  readonly key = Buffer.alloc(keyBytes, ':')
  readonly value = Buffer.alloc(valueBytes, 'v')

  /** Requires: `count` shares no factor with the stride, as powers of ten do not. */
  constructor(readonly count: number) {}

  /** The i-th key of those that are written, in an order that visits all of them once. */
  present(i: number): Buffer {
    return this.write(2 * this.scattered(i))
  }

  /** A key between two of them. */
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
