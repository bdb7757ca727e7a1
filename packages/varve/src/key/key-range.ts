import { compareBytes, compareRanges, copyBytes, emptyBytes } from '../base/bytes.js'

/**
 * The user keys k with start ≤ k < end. Every range in the engine has this one half-open form, from
 * the user's bounds to the extent of a table, so "do they overlap" is asked in one way only.
 * `end: null` means "no upper bound". An empty `start` lies before every key.
 */
export interface KeyRange {
  readonly start: Uint8Array
  readonly end: Uint8Array | null
}

export const wholeRange: KeyRange = { start: emptyBytes, end: null }

/** The smallest byte string behind `key`: `key` with a zero byte appended. A fresh copy. */
export function successor(key: Uint8Array): Buffer {
  const next = Buffer.allocUnsafeSlow(key.length + 1)
  next.set(key)
  next[key.length] = 0
  return next
}

/** The end of the range of all keys that start with `prefix`: null when there is none (0xFF…). */
export function prefixEnd(prefix: Uint8Array): Buffer | null {
  let length = prefix.length
  while (length > 0 && prefix[length - 1] === 0xff) length--
  if (length === 0) return null
  const end = copyBytes(prefix, 0, length)
  end[length - 1]++
  return end
}

/** Compares two upper bounds; null lies behind everything. */
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

/** The same for `bytes[start, end)`, without a view. */
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

/** What both hold, or undefined when they do not overlap. */
export function intersectRange(a: KeyRange, b: KeyRange): KeyRange | undefined {
  const range = {
    start: compareBytes(a.start, b.start) >= 0 ? a.start : b.start,
    end: compareEnds(a.end, b.end) <= 0 ? a.end : b.end,
  }
  return isEmptyRange(range) ? undefined : range
}

/**
 * Index of the first of disjoint ranges in order that ends behind the key `bytes[start, end)`; their
 * number when none does.
 */
export function firstEndingBehind(
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

/** Whether `key` lies before the upper bound `end`. */
export function isBefore(key: Uint8Array, end: Uint8Array | null): boolean {
  return end === null || compareBytes(key, end) < 0
}
