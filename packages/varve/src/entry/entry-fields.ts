import { emptyBytes } from '../base/bytes/bytes.js'

/** The key and value of an entry, where they are in memory. */
export interface EntryBytes {
  readonly keyBytes: Uint8Array
  readonly keyStart: number
  readonly keyEnd: number
  readonly valueBytes: Uint8Array
  readonly valueStart: number
  readonly valueEnd: number
}

/** The fields of an iterator that shows the entries of other iterators. */
export abstract class EntryFields implements EntryBytes {
  valid = false
  pending = false
  keyBytes: Uint8Array = emptyBytes
  keyStart = 0
  keyEnd = 0
  valueBytes: Uint8Array = emptyBytes
  valueStart = 0
  valueEnd = 0

  /** Takes over key and value, by reference. */
  protected takeBytesOf(other: EntryBytes): void {
    this.keyBytes = other.keyBytes
    this.keyStart = other.keyStart
    this.keyEnd = other.keyEnd
    this.valueBytes = other.valueBytes
    this.valueStart = other.valueStart
    this.valueEnd = other.valueEnd
  }
}
