import { compareRanges } from '../base/bytes.js'
import type { ArenaView } from './memtable-arena.js'
import { keyLengthOf, keyStartOf } from './entry.js'

/** Compares the user keys of two entries. Requires: the first `depth` bytes are equal. */
export function compareKeys(arena: ArenaView, a: number, b: number, depth: number): number {
  const aStart = keyStartOf(a)
  const bStart = keyStartOf(b)
  const aEnd = aStart + keyLengthOf(arena.words, a)
  const bEnd = bStart + keyLengthOf(arena.words, b)
  return compareRanges(arena.bytes, aStart + depth, aEnd, arena.bytes, bStart + depth, bEnd)
}

/**
 * Length of the common prefix of an entry's key and `bytes[start, end)`. Requires: the first `depth`
 * bytes are equal.
 */
export function sharedKeyLength(
  arena: ArenaView,
  entry: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  depth: number,
): number {
  const keyStart = keyStartOf(entry)
  const limit = Math.min(keyLengthOf(arena.words, entry), end - start)
  let shared = depth
  while (shared < limit && arena.bytes[keyStart + shared] === bytes[start + shared]) shared++
  return shared
}

/**
 * Four bytes as a number that orders as they do. Behind `end` stand zeros: a key and the same key
 * with zeros behind it get equal numbers, so equal numbers always need a second look.
 */
export function headWord(bytes: Uint8Array, at: number, end: number): number {
  if (at + 4 <= end) {
    return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0
  }
  let word = 0
  for (let i = at; i < at + 4; i++) word = (word << 8) | (i < end ? bytes[i] : 0)
  return word >>> 0
}

/** The same for six bytes. */
export function keyHead(bytes: Uint8Array, at: number, end: number): number {
  return headWord(bytes, at, end) * 0x10000 + (headWord(bytes, at + 4, end) >>> 16)
}
