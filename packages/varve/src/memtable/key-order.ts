import { compareRanges } from '../base/bytes/bytes.js'
import { headBytes, keyHead } from '../key/key-head.js'
import type { ArenaView } from './memtable-arena.js'
import { entryHeaderBytes, keyLengthOf, keyStartOf } from './entry.js'

const headerWords = entryHeaderBytes / 4
/** Last digit of the measured head of a key with more than `headBytes` bytes. */
const longKeyDigit = headBytes + 1

/** Compares the user keys of two entries. Requires: the first `depth` bytes are equal. */
export function compareKeys(arena: ArenaView, a: number, b: number, depth: number): number {
  const aStart = keyStartOf(a)
  const bStart = keyStartOf(b)
  const aEnd = aStart + keyLengthOf(arena.words, a)
  const bEnd = bStart + keyLengthOf(arena.words, b)
  return compareRanges(arena.bytes, aStart + depth, aEnd, arena.bytes, bStart + depth, bEnd)
}

/**
 * Length of the common prefix of an entry's key and `bytes[start, end)`. Requires: the first
 * `depth` bytes are equal.
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

/** Whether both keys start with the same `length` bytes. Requires: the first `depth` are equal. */
export function sharesPrefix(
  arena: ArenaView,
  a: number,
  b: number,
  length: number,
  depth: number,
): boolean {
  const { bytes, words } = arena
  if (keyLengthOf(words, a) < length || keyLengthOf(words, b) < length) return false
  // Keys are word-aligned.
  const wholeWords = length >>> 2
  for (let i = depth >>> 2; i < wholeWords; i++) {
    if (words[a + headerWords + i] !== words[b + headerWords + i]) return false
  }
  for (let i = wholeWords * 4; i < length; i++) {
    if (bytes[keyStartOf(a) + i] !== bytes[keyStartOf(b) + i]) return false
  }
  return true
}

/**
 * Length of the common prefix of the keys of all entries, at most `limit`. Requires: it is at least
 * `depth`.
 */
export function commonPrefix(
  arena: ArenaView,
  entries: Uint32Array,
  depth: number,
  limit: number,
): number {
  const first = entries[0]
  let prefix = Math.min(keyLengthOf(arena.words, first), limit)
  for (let i = 1; i < entries.length && prefix > depth; i++) {
    if (!sharesPrefix(arena, entries[i], first, prefix, depth)) {
      prefix = sharedPrefix(arena, entries[i], first, prefix, depth)
    }
  }
  return prefix
}

/** Length of the common prefix of two keys, at most `limit`. Requires: it is at least `depth`. */
export function sharedPrefix(
  arena: ArenaView,
  a: number,
  b: number,
  limit: number,
  depth: number,
): number {
  const start = keyStartOf(b)
  const end = start + Math.min(limit, keyLengthOf(arena.words, b))
  return sharedKeyLength(arena, a, arena.bytes, start, end, depth)
}

/**
 * The head of a key whose rest is `bytes[at, end)`, followed by a last digit: the number of bytes
 * that belong to the key, or 7 if the key is longer than the head. Only different keys that are
 * longer than the head can get equal numbers:
 *
 *     rest      head               digit
 *     ab        61 62 00 00 00 00  2
 *     ab\0      61 62 00 00 00 00  3
 *     abcdefgh  61 62 63 64 65 66  7
 */
export function measuredHead(bytes: Uint8Array, at: number, end: number): number {
  const rest = end - at
  return keyHead(bytes, at, end) * (longKeyDigit + 1) + (rest < longKeyDigit ? rest : longKeyDigit)
}

/** The measured head of an entry's key after its first `depth` bytes. */
export function entryHead(arena: ArenaView, entry: number, depth: number): number {
  const start = keyStartOf(entry)
  return measuredHead(arena.bytes, start + depth, start + keyLengthOf(arena.words, entry))
}

/** Whether all keys with this measured head are equal, as opposed to sharing a prefix. */
export function isWholeKey(head: number): boolean {
  return head % (longKeyDigit + 1) !== longKeyDigit
}
