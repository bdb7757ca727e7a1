import { maxValueBytes } from './limits.js'
import { ValueKind } from './value-kind.js'

/**
 * The value of an entry that expires, kind `putWithExpiry`, starts with its expiry time. From that
 * time on the entry acts as a delete with the same sequence. Files and memory treat time and user
 * value as one value; reads and walks strip the time, and compaction turns expired entries into
 * deletes.
 *
 *     0        expiry          u48   milliseconds since 1970, low byte first
 *     6        value
 *
 * Never change this: it is on disk.
 */
export const expiryBytes = 6

/** Latest expiry time, in the year 10889. */
const maxExpiryMs = 2 ** 48 - 1

/** Longest time to live, in milliseconds: over two thousand years. */
export const maxTtlMs = 2 ** 46

/** The expiry time of a value written at `nowMs`, rounded up to a whole millisecond. */
export function expiryAfter(nowMs: number, ttlMs: number): number {
  return Math.min(Math.ceil(nowMs + ttlMs), maxExpiryMs)
}

/** Requires: a value of kind `putWithExpiry` begins at `start`. */
export function readExpiry(bytes: Uint8Array, start: number): number {
  const low =
    bytes[start] | (bytes[start + 1] << 8) | (bytes[start + 2] << 16) | (bytes[start + 3] << 24)
  return (low >>> 0) + (bytes[start + 4] | (bytes[start + 5] << 8)) * 2 ** 32
}

/** Whether `length` is a valid value length for the kind. Requires: not a range delete. */
export function isValueLength(kind: number, length: number): boolean {
  if (kind === ValueKind.put) return length <= maxValueBytes
  if (kind === ValueKind.putWithExpiry) {
    return length >= expiryBytes && length - expiryBytes <= maxValueBytes
  }
  return length === 0
}
