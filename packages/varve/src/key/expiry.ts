import { maxValueBytes } from './limits.js'
import { ValueKind } from './value-kind.js'

/**
 * An entry that expires, kind `putWithExpiry`: before the user's value stands the moment from which on
 * it acts as a delete with its sequence. Files and memory hold it like any other value; reads and walks
 * take the moment away, compaction makes deletes of what has expired.
 *
 *     0        expiry          u48   milliseconds since 1970, low byte first
 *     6        value
 *
 * Never change this: it is on disk.
 */
export const expiryBytes = 6

/** Latest moment of expiry, in the year 10889. */
const maxExpiryMs = 2 ** 48 - 1

/** Longest time to live, in milliseconds: over two thousand years. */
export const maxTtlMs = 2 ** 46

/** The first whole millisecond at which `ttlMs` have passed. */
export function expiryAfter(nowMs: number, ttlMs: number): number {
  return Math.min(Math.ceil(nowMs + ttlMs), maxExpiryMs)
}

/** Requires: a value of kind `putWithExpiry` begins at `start`. */
export function readExpiry(bytes: Uint8Array, start: number): number {
  const low =
    bytes[start] | (bytes[start + 1] << 8) | (bytes[start + 2] << 16) | (bytes[start + 3] << 24)
  return (low >>> 0) + (bytes[start + 4] | (bytes[start + 5] << 8)) * 2 ** 32
}

/** Whether an entry of the kind, which is no range delete, can have a value of so many bytes. */
export function isValueLength(kind: number, length: number): boolean {
  if (kind === ValueKind.put) return length <= maxValueBytes
  if (kind === ValueKind.putWithExpiry) {
    return length >= expiryBytes && length - expiryBytes <= maxValueBytes
  }
  return length === 0
}
