import { emptyBytes } from '../base/bytes.js'
import type { InternalIterator } from './internal-iterator.js'

/** The fields of an InternalIterator that shows the entries of other iterators. */
export abstract class EntryCursor {
  valid = false
  pending = false
  keyBytes: Uint8Array = emptyBytes
  keyStart = 0
  keyEnd = 0
  sequence = 0
  kind = 0
  valueBytes: Uint8Array = emptyBytes
  valueStart = 0
  valueEnd = 0
  leaving = false

  /** Shows the current entry of `other`. Requires: `other` is valid. */
  protected showEntryOf(other: InternalIterator): void {
    this.valid = true
    this.keyBytes = other.keyBytes
    this.keyStart = other.keyStart
    this.keyEnd = other.keyEnd
    this.sequence = other.sequence
    this.kind = other.kind
    this.valueBytes = other.valueBytes
    this.valueStart = other.valueStart
    this.valueEnd = other.valueEnd
    this.leaving = other.leaving
  }
}
