import { assert } from '../../base/assert.js'
import { Memory } from '../../base/memory.js'
import { writeVarint } from '../../base/bytes/varint.js'
import type { InputEntry } from '../../entry/job-input.js'
import { type AppendBuffer, outputRoomBytes } from './append-buffer.js'
import { maxPayloadBytes, trailerBytes } from '../format/table-format.js'

/** The longest header before a key: kind, two lengths and a sequence. */
export const maxEntryHeaderBytes = 1 + 4 + 5 + 8

/** A hash byte and a wide offset. */
const maxSlotBytes = 1 + 4

/** Bit of a block's last u32: its offsets are u32, not u16. */
export const wideOffsetsFlag = 0x8000_0000

/** With this many bytes of entries or more, offsets are wide. */
const wideOffsetsFrom = 0x1_0000

/**
 * Builds the payload of a data block:
 *
 *     entry │ entry │ … │ hash u8 of each │ offset u16 or u32 of each │ count u32 (top bit: wide)
 *
 *     entry: kind u8 │ key size varint │ value size varint │ sequence − base varint │ key │ value
 *
 * Keys are stored whole, so that a reader compares them in place. The hash bytes (top byte of
 * hashBytes) let a point read skip nearly all other keys.
 *
 * Owned by: one TableWriter. Lives: for its whole table.
 * Invariants:
 * 1. A block of the usual size is built where it is written from, in space reserved in `output`.
 *    Nothing else is appended meanwhile. A larger block has its own memory.
 * 2. `lastKeyMemory[lastKeyStart, lastKeyEnd)` is the last key added. It stays valid after
 *   `finish`,
 *    until the next `add`.
 */
export class BlockBuilder {
  count = 0
  lastKeyMemory: Memory
  lastKeyStart = 0
  lastKeyEnd = 0
  /** The block is built in `[start, end)`; `length` bytes of it are entries. */
  private memory: Memory
  private start = 0
  private end = 0
  private length = 0
  private ownMemory: Memory | undefined
  private keptKey = Memory.allocate(64)
  private hashes = new Uint8Array(256)
  private offsets = new Uint32Array(256)

  constructor(
    private readonly output: AppendBuffer,
    private readonly usualBytes: number,
  ) {
    this.memory = output.memory
    this.lastKeyMemory = this.keptKey
  }

  /** Size of the payload with narrow offsets. */
  get sizeBytes(): number {
    return this.length + this.count * 3 + 4
  }

  /** A view, valid until the next `add`. */
  get lastKey(): Buffer {
    return this.lastKeyMemory.bytes.subarray(this.lastKeyStart, this.lastKeyEnd)
  }

  /** Copies the entry. Requires: entries come in order; lengths within the limits. */
  add(entry: InputEntry, hash: number, sequenceDelta: number): void {
    const keyLength = entry.keyEnd - entry.keyStart
    const valueLength = entry.valueEnd - entry.keyEnd
    this.reserve(maxEntryHeaderBytes + keyLength + valueLength)
    const { memory } = this
    const { bytes } = memory
    this.hashes[this.count] = hash >>> 24
    this.offsets[this.count++] = this.length
    let at = this.start + this.length
    bytes[at++] = entry.kind
    if (keyLength < 128) bytes[at++] = keyLength
    else at = writeVarint(bytes, at, keyLength)
    if (valueLength < 128) bytes[at++] = valueLength
    else at = writeVarint(bytes, at, valueLength)
    at = writeVarint(bytes, at, sequenceDelta)
    entry.copyTo(memory, at)
    this.lastKeyMemory = memory
    this.lastKeyStart = at
    this.lastKeyEnd = at + keyLength
    this.length = at + keyLength + valueLength - this.start
  }

  /**
   * Returns the payload, valid until the next `add`, and resets the builder. Requires: count > 0.
   */
  finish(): Buffer {
    const { count, hashes, offsets, start } = this
    const { bytes, view } = this.memory
    const wide = this.length >= wideOffsetsFrom
    let at = start + this.length
    for (let i = 0; i < count; i++) bytes[at++] = hashes[i]
    const slotBytes = wide ? 4 : 2
    for (let i = 0; i < count; i++, at += slotBytes) {
      if (wide) view.setUint32(at, offsets[i], true)
      else view.setUint16(at, offsets[i], true)
    }
    view.setUint32(at, wide ? count + wideOffsetsFlag : count, true)
    this.keepLastKey()
    this.count = 0
    this.length = 0
    return bytes.subarray(start, at + 4)
  }

  /** Ensures space for an entry and for the data after the entries. */
  private reserve(entryBytes: number): void {
    if (this.count === this.hashes.length) this.growSlots()
    const slotsBytes = (this.count + 1) * maxSlotBytes
    const needed = this.length + entryBytes + slotsBytes + 4 + trailerBytes
    if (this.count === 0) this.begin(needed)
    else if (needed > this.end - this.start) this.grow(needed)
  }

  private begin(needed: number): void {
    const wanted = Math.max(needed, 2 * this.usualBytes)
    if (wanted > outputRoomBytes) return this.useOwnMemory(wanted)
    // Free the memory that a giant value needed.
    this.ownMemory = undefined
    this.memory = this.output.memory
    this.start = this.output.reserve(wanted)
    this.end = this.start + wanted
  }

  private grow(needed: number): void {
    const { memory, start, length } = this
    this.useOwnMemory(needed)
    memory.bytes.copy(this.memory.bytes, 0, start, start + length)
  }

  private useOwnMemory(wanted: number): void {
    assert(wanted <= maxPayloadBytes, `a block of ${wanted} bytes`)
    const ownBytes = this.ownMemory?.bytes.length ?? 0
    const isOfUse = ownBytes >= wanted && ownBytes <= 4 * wanted
    this.ownMemory = isOfUse ? this.ownMemory! : Memory.allocate(wanted)
    this.memory = this.ownMemory
    this.start = 0
    this.end = this.memory.bytes.length
  }

  /** Copies the last key, because compressing the block overwrites its memory. */
  private keepLastKey(): void {
    const { lastKeyMemory, lastKeyStart, lastKeyEnd } = this
    const length = lastKeyEnd - lastKeyStart
    if (length > this.keptKey.bytes.length) this.keptKey = Memory.allocate(2 * length)
    lastKeyMemory.bytes.copy(this.keptKey.bytes, 0, lastKeyStart, lastKeyEnd)
    this.lastKeyMemory = this.keptKey
    this.lastKeyStart = 0
    this.lastKeyEnd = length
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
