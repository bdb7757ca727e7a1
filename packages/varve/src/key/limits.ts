import { invalidArgument } from '../base/errors.js'

/** Longest user key, in bytes. */
export const maxKeyBytes = 64 * 1024

/** Longest bound of a range delete: `gt: k` becomes "from k with a zero byte appended". */
export const maxBoundBytes = maxKeyBytes + 1

/** Throws INVALID_ARGUMENT unless a key may have this length, in bytes. */
export function requireKeyLength(length: number): void {
  if (length < 1) throw invalidArgument('a key must have at least 1 byte; this one is empty')
  if (length > maxKeyBytes) {
    throw invalidArgument(`a key may have at most ${maxKeyBytes} bytes; this one has ${length}`)
  }
}

/** Longest value, in bytes (1 GiB). */
export const maxValueBytes = 1024 * 1024 * 1024

/**
 * Largest sequence number. Every write gets the next one, and all are exact as JavaScript numbers
 * (285 years at a million writes per second).
 */
export const maxSequence = Number.MAX_SAFE_INTEGER
