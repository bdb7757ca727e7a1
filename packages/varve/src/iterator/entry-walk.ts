import type { EntryPage } from '../base/bytes/entry-page.js'
import type { EntryBytes } from '../entry/entry-fields.js'

/**
 * An iterator over the entries that a reader sees, in one direction. The fields describe the
 * current entry and are valid until the next step. `pending` works as in InternalIterator.
 */
export interface EntryWalk extends EntryBytes {
  readonly valid: boolean
  readonly pending: boolean
  /** The page that holds key and value, if there is one. */
  readonly page: EntryPage | undefined
  /** Moves to the first entry. */
  start(): void
  /** Moves to the first entry at or after `target` in the direction of the walk. */
  seek(target: Uint8Array): void
  /** Requires: valid. */
  next(): void
  /** Completes a step that left `pending`. */
  load(): Promise<void>
  close(): void
}
