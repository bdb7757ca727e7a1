import { EntryFields } from './entry-fields.js'
import type { InternalIterator } from './internal-iterator.js'

/** The fields of an InternalIterator that shows the entries of other iterators. */
export abstract class EntryCursor extends EntryFields {
  sequence = 0
  kind = 0
  leaving = false

  /** Shows the current entry of `other`. Requires: `other` is valid. */
  protected showEntryOf(other: InternalIterator): void {
    this.valid = true
    this.takeBytesOf(other)
    this.sequence = other.sequence
    this.kind = other.kind
    this.leaving = other.leaving
  }
}
