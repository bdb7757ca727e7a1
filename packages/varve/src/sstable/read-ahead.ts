import { Memory } from '../base/memory.js'
import { Block } from './block/block.js'
import type { BlockSource } from './block-source.js'
import type { TableIndex } from './table-index.js'

/**
 * Reads data blocks in file order, many per system call, bypassing the cache.
 *
 * Owned by: an iteration over a whole table. Lives: as long as the iteration; pins nothing.
 */
export class ReadAhead {
  /** Holds the block read last. */
  memory: Memory
  private readonly block: Block
  /** For the payload of a compressed block. */
  private unpacked: Memory | undefined
  private readonly allocate = (lengthBytes: number): Buffer => this.allocated(lengthBytes)
  /** The loaded range of the file. */
  private start = 0
  private end = 0

  /**
   * Reads into `piece[pieceStart, pieceStart + pieceBytes)`. A larger or compressed block gets
   * memory of its own.
   */
  constructor(
    private readonly index: TableIndex,
    private readonly source: BlockSource,
    private piece: Memory,
    private pieceStart = 0,
    private pieceBytes = piece.bytes.length,
  ) {
    this.memory = piece
    this.block = new Block(source)
  }

  get blockCount(): number {
    return this.index.count
  }

  /** Number of the block with the first entry with a key ≥ `key`, or of the one before it. */
  blockOf(key: Uint8Array): number {
    return this.index.find(key, key.length)
  }

  /** Returns the checked block, valid until the next call. */
  read(blockIndex: number): Block {
    const offset = this.index.offsetOf(blockIndex)
    const sizeBytes = this.index.sizeOf(blockIndex)
    if (offset < this.start || offset + sizeBytes > this.end) this.fill(offset, sizeBytes)
    const from = this.pieceStart + offset - this.start
    const { bytes } = this.piece
    const stored = bytes.subarray(from, from + sizeBytes)
    const got = Math.min(sizeBytes, this.end - offset)
    const payload = this.source.unpack(blockIndex, stored, got, this.allocate)
    if (payload.buffer === stored.buffer && payload.byteOffset === stored.byteOffset) {
      this.memory = this.piece
      return this.block.at(blockIndex, bytes, from, from + payload.length)
    }
    const { unpacked } = this
    this.memory = payload.buffer === unpacked?.bytes.buffer ? unpacked : new Memory(payload)
    return this.block.at(blockIndex, this.memory.bytes, 0, payload.length)
  }

  /** Requires: the block before is no longer needed. */
  private allocated(lengthBytes: number): Buffer {
    if (this.unpacked === undefined || this.unpacked.bytes.length < lengthBytes) {
      this.unpacked = Memory.allocate(lengthBytes + lengthBytes / 4)
    }
    return this.unpacked.bytes.subarray(0, lengthBytes)
  }

  private fill(offset: number, sizeBytes: number): void {
    if (sizeBytes > this.pieceBytes) {
      this.piece = Memory.allocate(sizeBytes)
      this.pieceStart = 0
      this.pieceBytes = sizeBytes
    }
    const length = Math.min(this.pieceBytes, this.index.dataEnd - offset)
    this.start = offset
    this.end = offset + this.source.file.read(this.piece.bytes, this.pieceStart, length, offset)
  }
}
