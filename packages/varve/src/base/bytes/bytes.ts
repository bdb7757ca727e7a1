/** Byte strings: comparison in database order (unsigned, byte by byte), copies and printing. */

export const emptyBytes: Buffer = Buffer.alloc(0)

/** A Buffer over the same memory, without a copy. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Negative, zero or positive as `a` sorts before, equal to or after `b`. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  return compareRanges(a, 0, a.length, b, 0, b.length)
}

/** Compares `a[aStart, aEnd)` with `b[bStart, bEnd)`. A prefix sorts before longer strings. */
export function compareRanges(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): number {
  const aLength = aEnd - aStart
  const bLength = bEnd - bStart
  const shared = aLength < bLength ? aLength : bLength
  for (let i = 0; i < shared; i++) {
    const difference = a[aStart + i] - b[bStart + i]
    if (difference !== 0) return difference
  }
  return aLength - bLength
}

/** The order of `compareRanges`, compared four bytes at a time: for loops over many keys. */
export function compareViews(
  a: DataView,
  aStart: number,
  aEnd: number,
  b: DataView,
  bStart: number,
  bEnd: number,
): number {
  const aLength = aEnd - aStart
  const bLength = bEnd - bStart
  const shared = aLength < bLength ? aLength : bLength
  let i = 0
  for (; i + 4 <= shared; i += 4) {
    const difference = a.getUint32(aStart + i) - b.getUint32(bStart + i)
    if (difference !== 0) return difference
  }
  for (; i < shared; i++) {
    const difference = a.getUint8(aStart + i) - b.getUint8(bStart + i)
    if (difference !== 0) return difference
  }
  return aLength - bLength
}

export function equalRanges(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): boolean {
  const length = aEnd - aStart
  if (length !== bEnd - bStart) return false
  for (let i = 0; i < length; i++) if (a[aStart + i] !== b[bStart + i]) return false
  return true
}

/** Length of the longest common prefix of two byte strings. */
export function sharedPrefixLength(a: Uint8Array, b: Uint8Array): number {
  const limit = Math.min(a.length, b.length)
  let i = 0
  while (i < limit && a[i] === b[i]) i++
  return i
}

/** A copy in memory of its own. */
export function copyBytes(bytes: Uint8Array, start = 0, end = bytes.length): Buffer {
  const copy = Buffer.allocUnsafeSlow(end - start)
  copy.set(bytes.subarray(start, end))
  return copy
}

/**
 * A copy for the user to keep. Short ones share Node's pool of 8 KiB, which takes a third of the
 * time of memory of their own.
 */
export function pooledCopy(bytes: Uint8Array, start: number, end: number): Buffer {
  const length = end - start
  const copy = Buffer.allocUnsafe(length)
  if (length <= maxLoopCopyBytes) for (let i = 0; i < length; i++) copy[i] = bytes[start + i]
  else copy.set(bytes.subarray(start, end))
  return copy
}

/** Up to this length a loop is faster than a call to the runtime's copy. */
const maxLoopCopyBytes = 32

/**
 * From this length on, `fill` with a source of exactly the target's length is faster: it is one
 * memcpy. To and from shared memory, the language requires `copy` to move word by word, or byte by
 * byte when source and target differ in alignment.
 */
const minFillBytes = 512

/** Copies `source[start, end)` to `target` at `targetStart`. Requires: the two do not overlap. */
export function copyInto(
  target: Buffer,
  targetStart: number,
  source: Buffer,
  start: number,
  end: number,
): void {
  const length = end - start
  if (length <= maxLoopCopyBytes) {
    for (let i = 0; i < length; i++) target[targetStart + i] = source[start + i]
  } else if (length < minFillBytes) {
    source.copy(target, targetStart, start, end)
  } else {
    target.fill(source.subarray(start, end), targetStart, targetStart + length)
  }
}

/** Printable form of a key for messages and diagrams: text if it is printable ASCII, else hex. */
export function printableKey(bytes: Uint8Array, maxLength = 40): string {
  const shown = asBuffer(bytes).subarray(0, maxLength)
  const text = shown.every((byte) => byte >= 0x20 && byte < 0x7f)
    ? shown.toString('latin1')
    : `0x${shown.toString('hex')}`
  return bytes.length > maxLength ? `${text}…` : text
}
