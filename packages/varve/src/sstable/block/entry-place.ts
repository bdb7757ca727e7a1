import { expiryBytes } from '../../key/expiry.js'
import { maxSequence } from '../../key/limits.js'
import { ValueKind } from '../../key/value-kind.js'

/**
 * Positions of the parts of one entry in the payload of its block. The key ends where the value
 * starts. Reusable: decoding an entry allocates nothing.
 */
export class EntryPlace {
  kind = 0
  keyStart = 0
  /** End of the key and start of the value. */
  keyEnd = 0
  valueEnd = 0
  /** Sequence minus the base sequence of the table. */
  sequenceDelta = 0

  private at = 0

  /** False when no entry of a known kind starts at `offset` and ends at or before `end`. */
  decode(bytes: Buffer, offset: number, end: number): boolean {
    const kind = bytes[offset]
    let at = offset + 1
    let keyLength = bytes[at++]
    if (keyLength >= 128) {
      keyLength = this.longVarint(bytes, at, keyLength)
      at = this.at
    }
    let valueLength = bytes[at++]
    if (valueLength >= 128) {
      valueLength = this.longVarint(bytes, at, valueLength)
      at = this.at
    }
    let delta = bytes[at++]
    if (delta >= 128) {
      delta = this.longVarint(bytes, at, delta)
      at = this.at
    }
    this.kind = kind
    this.keyStart = at
    this.keyEnd = at + keyLength
    this.valueEnd = at + keyLength + valueLength
    this.sequenceDelta = delta
    // A NaN, from bytes after the payload or an endless varint, fails a comparison.
    return (
      this.valueEnd <= end &&
      delta <= maxSequence &&
      (kind <= ValueKind.put || (kind === ValueKind.putWithExpiry && valueLength >= expiryBytes))
    )
  }

  /**
   * Decodes the rest of a varint that starts with `first`, and sets `this.at` to the offset after
   * it.
   */
  private longVarint(bytes: Buffer, at: number, first: number): number {
    let byte = bytes[at++]
    let value = (first & 127) | ((byte & 127) << 7)
    if (byte >= 128) {
      byte = bytes[at++]
      value |= (byte & 127) << 14
      if (byte >= 128) {
        byte = bytes[at++]
        value |= (byte & 127) << 21
        for (let scale = 2 ** 28; byte >= 128 && scale < 2 ** 56; scale *= 128) {
          byte = bytes[at++]
          value += (byte & 127) * scale
        }
        if (byte >= 128) value = NaN
      }
    }
    this.at = at
    return value
  }
}
