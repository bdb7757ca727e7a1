import type { EntryPage } from '../base/bytes/entry-page.js'

/**
 * An ordered walk over entries: user keys ascending, and the versions of one key from the newest
 * (highest sequence) to the oldest. Range deletes are not part of it; RangeTombstones hold them.
 *
 * The entry is in the fields, so that a step allocates nothing:
 * - key: `keyBytes[keyStart, keyEnd)`; value: `valueBytes[valueStart, valueEnd)`
 * - Validity: the bytes do not change until the iterator closes or moves past an entry that is
 *   `leaving`, the last one in memory that may be reused afterwards.
 *
 * Waiting. An iterator that was opened not to block sets `pending` instead of reading bytes that
 * are not in memory. Then `valid` is false, and only `load` and `close` may be called. The step is
 * complete once the promise of `load` settles.
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
  /** Whether the next step may release the bytes of this entry and of those before it. */
  leaving: boolean
  /** The page that holds key and value, if the walk visits many entries there. */
  readonly page: EntryPage | undefined

  seekToFirst(): void
  seekToLast(): void
  /** Moves to the newest version of the first user key ≥ target. */
  seek(target: Uint8Array): void
  /** Moves to the oldest version of the last user key < target. */
  seekBefore(target: Uint8Array): void
  /** Requires: valid. */
  next(): void
  /** Requires: valid. */
  prev(): void
  /** Completes a pending step. Requires: pending. */
  load(): Promise<void>
  /** Releases everything it pins. Call nothing afterwards. */
  close(): void
}
