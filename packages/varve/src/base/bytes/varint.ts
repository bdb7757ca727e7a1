/**
 * Unsigned LEB128: seven bits per byte, least significant group first; the top bit means "more
 * follows". Large values use arithmetic instead of shifts, which are limited to 32 bits.
 */

/** Longest encoding of a safe integer. */
export const maxVarintBytes = 8

export function varintLength(value: number): number {
  let length = 1
  while (value >= 128) {
    value = Math.floor(value / 128)
    length++
  }
  return length
}

/**
 * Writes `value` at `offset` and returns the offset after it. Requires: enough space,
 * 0 ≤ value < 2^53.
 */
export function writeVarint(target: Uint8Array, offset: number, value: number): number {
  while (value >= 0x80000000) {
    target[offset++] = (value % 128) | 128
    value = Math.floor(value / 128)
  }
  while (value >= 128) {
    target[offset++] = (value & 127) | 128
    value >>>= 7
  }
  target[offset++] = value
  return offset
}

/**
 * Reads a series of varints; not for hot loops. A number that runs past the end or exceeds 2^53−1
 * sets `failed`, so a caller may check once after several reads.
 */
export class VarintReader {
  failed = false

  constructor(
    readonly bytes: Uint8Array,
    public offset = 0,
    readonly end = bytes.length,
  ) {}

  read(): number {
    let value = 0
    let scale = 1
    for (let i = 0; i < maxVarintBytes; i++) {
      if (this.offset >= this.end) break
      const byte = this.bytes[this.offset++]
      value += (byte & 127) * scale
      if (byte < 128) {
        if (value > Number.MAX_SAFE_INTEGER) break
        return value
      }
      scale *= 128
    }
    this.failed = true
    return 0
  }

  /** A view (no copy) of the next `length` bytes; an empty view if fewer are left. */
  readBytes(length: number): Uint8Array {
    if (length > this.end - this.offset) {
      this.failed = true
      return this.bytes.subarray(0, 0)
    }
    this.offset += length
    return this.bytes.subarray(this.offset - length, this.offset)
  }

  /** A view of the next bytes, which follow their length. */
  readLengthPrefixed(): Uint8Array {
    return this.readBytes(this.read())
  }
}

/** Appends varints and byte strings to a growing buffer; the counterpart of VarintReader. */
export class VarintWriter {
  private buffer = Buffer.allocUnsafe(256)
  private length = 0

  write(value: number): this {
    this.reserve(maxVarintBytes)
    this.length = writeVarint(this.buffer, this.length, value)
    return this
  }

  writeLengthPrefixed(bytes: Uint8Array): this {
    this.write(bytes.length)
    return this.writeBytes(bytes)
  }

  writeBytes(bytes: Uint8Array): this {
    this.reserve(bytes.length)
    this.buffer.set(bytes, this.length)
    this.length += bytes.length
    return this
  }

  /** The bytes so far: a view, valid until the next write. */
  finish(): Buffer {
    return this.buffer.subarray(0, this.length)
  }

  private reserve(extra: number): void {
    if (this.length + extra <= this.buffer.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.length + extra))
    this.buffer.copy(larger, 0, 0, this.length)
    this.buffer = larger
  }
}
