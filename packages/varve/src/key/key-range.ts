import { compareBytes, compareRanges, copyBytes, emptyBytes } from '../base/bytes/bytes.js'

/**
 * The user keys k with start ≤ k < end. Every range in the engine has this half-open form, from the
 * user's bounds to the extent of a table, so one function checks for overlap. `end: null` means "no
 * upper bound". An empty `start` sorts before every key.
 */
export interface KeyRange {
  readonly start: Uint8Array
  readonly end: Uint8Array | null
}

export const wholeRange: KeyRange = { start: emptyBytes, end: null }

/** The smallest byte string after `key`: `key` with a zero byte appended. A fresh copy. */
export function successor(key: Uint8Array): Buffer {
  const next = Buffer.allocUnsafeSlow(key.length + 1)
  next.set(key)
  next[key.length] = 0
  return next
}

/** The end of the range of all keys with `prefix`. Null if it has no end (0xFF…). */
export function prefixEnd(prefix: Uint8Array): Buffer | null {
  let length = prefix.length
  while (length > 0 && prefix[length - 1] === 0xff) length--
  if (length === 0) return null
  const end = copyBytes(prefix, 0, length)
  end[length - 1]++
  return end
}

/** Compares two upper bounds; null sorts last. */
export function compareEnds(a: Uint8Array | null, b: Uint8Array | null): number {
  if (a === null) return b === null ? 0 : 1
  return b === null ? -1 : compareBytes(a, b)
}

export function isEmptyRange(range: KeyRange): boolean {
  return range.end !== null && compareBytes(range.start, range.end) >= 0
}

export function rangesOverlap(a: KeyRange, b: KeyRange): boolean {
  return isBefore(a.start, b.end) && isBefore(b.start, a.end)
}

export function rangeContains(range: KeyRange, key: Uint8Array): boolean {
  return compareBytes(range.start, key) <= 0 && isBefore(key, range.end)
}

/** Like `rangeContains` for the key `bytes[start, end)`, without a view. */
export function rangeContainsSlice(
  range: KeyRange,
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  const { start: low, end: high } = range
  return (
    compareRanges(low, 0, low.length, bytes, start, end) <= 0 &&
    (high === null || compareRanges(bytes, start, end, high, 0, high.length) < 0)
  )
}

export function rangeHoldsRange(outer: KeyRange, inner: KeyRange): boolean {
  return compareBytes(outer.start, inner.start) <= 0 && compareEnds(inner.end, outer.end) <= 0
}

/** The smallest range that holds both. */
export function unionRange(a: KeyRange, b: KeyRange): KeyRange {
  return {
    start: compareBytes(a.start, b.start) <= 0 ? a.start : b.start,
    end: compareEnds(a.end, b.end) >= 0 ? a.end : b.end,
  }
}

/** The intersection, or undefined if the ranges do not overlap. */
export function intersectRange(a: KeyRange, b: KeyRange): KeyRange | undefined {
  const range = {
    start: compareBytes(a.start, b.start) >= 0 ? a.start : b.start,
    end: compareEnds(a.end, b.end) <= 0 ? a.end : b.end,
  }
  return isEmptyRange(range) ? undefined : range
}

/**
 * Index of the first range that ends after the key `bytes[start, end)`, or `ranges.length`.
 * Requires: the ranges are disjoint and in order.
 */
export function firstEndingAfter(
  ranges: readonly KeyRange[],
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  let low = 0
  let high = ranges.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const limit = ranges[middle].end
    const endsBefore =
      limit !== null && compareRanges(limit, 0, limit.length, bytes, start, end) <= 0
    if (endsBefore) low = middle + 1
    else high = middle
  }
  return low
}

/** Whether `key` sorts before the upper bound `end`. */
export function isBefore(key: Uint8Array, end: Uint8Array | null): boolean {
  return end === null || compareBytes(key, end) < 0
}
