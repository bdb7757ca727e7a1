import type { TextPage } from '../base/text-page.js'

/**
 * An ordered walk over entries: user keys ascending, and the versions of one key from the newest
 * (highest sequence) to the oldest. Range deletes are not part of it; they travel beside it as
 * RangeTombstones.
 *
 * The entry is read from the fields, so that a step allocates nothing:
 * - key: `keyBytes[keyStart, keyEnd)`; value: `valueBytes[valueStart, valueEnd)`
 * - Validity: the bytes stay as they are until the iterator closes, or steps off an entry that is
 *   `leaving`: one at the edge of memory that may be used for something else behind it.
 *
 * Waiting. A step that needs bytes which are not in memory, on an iterator opened not to block, sets
 * `pending` instead of reading them. Then `valid` is false and nothing but `load` and `close` may be
 * called; when the promise of `load` settles, the step is complete.
 */
export interface InternalIterator {
  valid: boolean
  pending: boolean
  keyBytes: Uint8Array
  keyStart: number
  keyEnd: number
  sequence: number
  /** A ValueKind, except rangeDelete. */
  kind: number
  valueBytes: Uint8Array
  valueStart: number
  valueEnd: number
  /** The next step may give up the bytes of this entry and of those before it. */
  leaving: boolean
  /** The page in which key and value lie, if the walk comes through many entries there. */
  readonly page: TextPage | undefined

  seekToFirst(): void
  seekToLast(): void
  /** To the newest version of the first user key ≥ target. */
  seek(target: Uint8Array): void
  /** To the oldest version of the last user key < target. */
  seekBefore(target: Uint8Array): void
  /** Requires: valid. */
  next(): void
  /** Requires: valid. */
  prev(): void
  /** Completes a pending step. Requires: pending. */
  load(): Promise<void>
  /** Gives back what it pins. Nothing may be called afterwards. */
  close(): void
}
