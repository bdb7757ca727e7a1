/**
 * HalfSipHash-1-3 (Aumasson and Bernstein, "SipHash: a fast short-input PRF"), which the Linux
 * kernel uses for its hash tables on 32-bit machines. Without the secret key, no input with a
 * chosen hash can be computed. `hashBytes` would not ensure that even with a seed. Filters on disk
 * depend on it: never change its results.
 *
 * The secret is an integer below 2^53: its low 32 bits are the first word of the key.
 */
export function keyedHash(bytes: Uint8Array, start: number, end: number, secret: number): number {
  const k0 = secret | 0
  const k1 = (secret / 0x100000000) | 0
  let v0 = k0
  let v1 = k1
  let v2 = k0 ^ 0x6c796765
  let v3 = k1 ^ 0x74656462
  let i = start
  // The words of the input, then one of the bytes left over and the length, then three rounds.
  for (let left = ((end - start) >>> 2) + 4; left > 0; left--) {
    let word = 0
    if (left > 4) {
      word = bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24)
      i += 4
    } else if (left === 4) {
      word = (end - start) << 24
      if (i < end) word |= bytes[i]
      if (i + 1 < end) word |= bytes[i + 1] << 8
      if (i + 2 < end) word |= bytes[i + 2] << 16
    } else if (left === 3) v2 ^= 0xff
    v3 ^= word
    v0 = (v0 + v1) | 0
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0
    v0 = (v0 << 16) | (v0 >>> 16)
    v2 = (v2 + v3) | 0
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2
    v0 = (v0 + v3) | 0
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0
    v2 = (v2 + v1) | 0
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2
    v2 = (v2 << 16) | (v2 >>> 16)
    v0 ^= word
  }
  return (v1 ^ v3) >>> 0
}
