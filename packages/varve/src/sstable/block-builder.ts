import { assert } from '../base/assert.js'
import { writeVarint } from '../base/varint.js'
import { maxPayloadBytes } from './table-format.js'

/** Kind, two lengths and a sequence: no entry needs more in front of its key and value. */
export const maxEntryHeaderBytes = 1 + 4 + 5 + 8

/** Hash byte, and an offset that may be wide. */
const maxSlotBytes = 1 + 4

/** Bit of the last u32 of a block: its offsets are u32, not u16. */
export const wideOffsetsFlag = 0x8000_0000

/** From this many bytes of entries on, offsets are wide. */
export const wideOffsetsFrom = 0x1_0000

/** Below this length a loop copies faster than a call of `set`. */
const loopCopyLimit = 64

/**
 * Lays entries into the payload of a data block:
 *
 *     entry │ entry │ … │ hash u8 of each │ offset u16 or u32 of each │ count u32 (top bit: wide)
 *
 *     entry = kind u8 │ key length varint │ value length varint │ sequence − base varint │ key │ value
 *
 * Keys are whole, so that a reader compares them in place; the hash bytes (top byte of hashBytes) let
 * a point read skip nearly all other keys.
 *
 * Owned by: one TableWriter. Lives: for its whole table; the memory is used again for each block.
 * Invariant: `bytes[lastKeyStart, lastKeyEnd)` is the last key added, also behind `finish`, until the
 * next `add`.
 */
export class BlockBuilder {
  bytes: Buffer
  count = 0
  lastKeyStart = 0
  lastKeyEnd = 0
  private length = 0
  private hashes = new Uint8Array(256)
  private offsets = new Uint32Array(256)

  constructor(private readonly usualBytes: number) {
    this.bytes = Buffer.allocUnsafeSlow(usualBytes)
  }

  /** Size of the payload, as narrow as it can be. */
  get sizeBytes(): number {
    return this.length + this.count * 3 + 4
  }

  /** Requires: entries come in order; lengths within the limits. */
  add(
    keyBytes: Uint8Array,
    keyStart: number,
    keyEnd: number,
    hash: number,
    sequenceDelta: number,
    kind: number,
    valueBytes: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): void {
    const keyLength = keyEnd - keyStart
    const valueLength = valueEnd - valueStart
    this.reserve(maxEntryHeaderBytes + keyLength + valueLength)
    const bytes = this.bytes
    this.hashes[this.count] = hash >>> 24
    this.offsets[this.count++] = this.length
    let at = this.length
    bytes[at++] = kind
    if (keyLength < 128) bytes[at++] = keyLength
    else at = writeVarint(bytes, at, keyLength)
    if (valueLength < 128) bytes[at++] = valueLength
    else at = writeVarint(bytes, at, valueLength)
    at = writeVarint(bytes, at, sequenceDelta)
    this.lastKeyStart = at
    this.lastKeyEnd = at + keyLength
    copyInto(bytes, at, keyBytes, keyStart, keyEnd)
    copyInto(bytes, at + keyLength, valueBytes, valueStart, valueEnd)
    this.length = at + keyLength + valueLength
  }

  /** The payload, valid until the next `add`; the builder begins anew. Requires: count > 0. */
  finish(): Buffer {
    const { bytes, count, hashes, offsets } = this
    const wide = this.length >= wideOffsetsFrom
    let at = this.length
    for (let i = 0; i < count; i++) bytes[at++] = hashes[i]
    for (let i = 0; i < count; i++) {
      at = wide ? bytes.writeUInt32LE(offsets[i], at) : bytes.writeUInt16LE(offsets[i], at)
    }
    at = bytes.writeUInt32LE(wide ? count + wideOffsetsFlag : count, at)
    this.count = 0
    this.length = 0
    return bytes.subarray(0, at)
  }

  /** Makes room for an entry, and for what `finish` puts behind it. */
  private reserve(entryBytes: number): void {
    if (this.count === this.hashes.length) this.growSlots()
    const needed = this.length + entryBytes + (this.count + 1) * maxSlotBytes + 4
    if (needed > this.bytes.length) this.grow(needed)
    else if (this.count === 0 && this.bytes.length > 4 * this.usualBytes) {
      // The giant value has been written: its memory is not kept for the rest of the table.
      this.bytes = Buffer.allocUnsafeSlow(Math.max(needed, this.usualBytes))
    }
  }

  private grow(needed: number): void {
    assert(needed <= maxPayloadBytes, `a block of ${needed} bytes`)
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.usualBytes))
    this.bytes.copy(larger, 0, 0, this.length)
    this.bytes = larger
  }

  private growSlots(): void {
    const hashes = new Uint8Array(this.count * 2)
    hashes.set(this.hashes)
    this.hashes = hashes
    const offsets = new Uint32Array(this.count * 2)
    offsets.set(this.offsets)
    this.offsets = offsets
  }
}

function copyInto(
  target: Uint8Array,
  at: number,
  source: Uint8Array,
  start: number,
  end: number,
): void {
  if (end - start > loopCopyLimit) target.set(source.subarray(start, end), at)
  else while (start < end) target[at++] = source[start++]
}
