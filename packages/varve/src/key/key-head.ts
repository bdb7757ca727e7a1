export const headBytes = 6

/**
 * The six bytes from `start` as a number, padded with zeros after the end of the key. Heads never
 * contradict the order of the keys, but different keys may have equal heads. A double holds six
 * bytes exactly, and one instruction compares two doubles.
 */
export function keyHead(bytes: Uint8Array, start: number, end: number): number {
  if (start + headBytes <= end) {
    return (
      ((bytes[start] << 16) | (bytes[start + 1] << 8) | bytes[start + 2]) * 0x100_0000 +
      ((bytes[start + 3] << 16) | (bytes[start + 4] << 8) | bytes[start + 5])
    )
  }
  let head = 0
  for (let i = start; i < start + headBytes; i++) head = head * 256 + (i < end ? bytes[i] : 0)
  return head
}

/**
 * Index of the first of `heads[low, high)` that is ≥ `wanted`, or `high`. Requires: ascending. The
 * loop adds a product instead of branching, because the processor would mispredict every second
 * branch.
 */
export function searchHeads(
  heads: Float64Array,
  low: number,
  high: number,
  wanted: number,
): number {
  let length = high - low
  if (length <= 0) return low
  while (length > 1) {
    const half = length >>> 1
    low += Math.imul(half, +(heads[low + half - 1] < wanted))
    length -= half
  }
  return low + +(heads[low] < wanted)
}
