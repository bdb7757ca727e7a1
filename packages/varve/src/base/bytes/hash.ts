/**
 * 32-bit hash of a user key: MurmurHash3's mixing steps (Appleby, public domain) over four bytes at
 * a time. Memtable, Bloom filter and block share the hash, so a lookup computes it once. Filters on
 * disk depend on it: never change its results.
 */
export function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = (end - start) ^ 0x9747b28c
  let i = start
  for (; i + 4 <= end; i += 4) {
    const word = bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24)
    hash = mix(hash, word)
  }
  if (i < end) {
    let word = bytes[i]
    if (i + 1 < end) word |= bytes[i + 1] << 8
    if (i + 2 < end) word |= bytes[i + 2] << 16
    hash = mix(hash, word)
  }
  return finish(hash)
}

/** The same hash with fewer reads: for loops over many keys. */
export function hashView(view: DataView, start: number, end: number): number {
  let hash = (end - start) ^ 0x9747b28c
  let i = start
  for (; i + 4 <= end; i += 4) hash = mix(hash, view.getInt32(i, true))
  if (i < end) {
    let word = view.getUint8(i)
    if (i + 1 < end) word |= view.getUint8(i + 1) << 8
    if (i + 2 < end) word |= view.getUint8(i + 2) << 16
    hash = mix(hash, word)
  }
  return finish(hash)
}

function finish(hash: number): number {
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

function mix(hash: number, word: number): number {
  word = Math.imul(word, 0xcc9e2d51)
  word = Math.imul((word << 15) | (word >>> 17), 0x1b873593)
  hash ^= word
  return (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0
}
