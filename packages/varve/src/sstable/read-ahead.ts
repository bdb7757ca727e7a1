import type { Block } from './block.js'
import type { BlockSource } from './block-source.js'
import type { TableIndex } from './table-index.js'

/**
 * Reads data blocks in file order, many with one call.
 *
 * Owned by: one TableIterator. Lives: as long as it.
 */
export class ReadAhead {
  private piece: Buffer
  private start = 0
  private end = 0

  constructor(
    private readonly index: TableIndex,
    private readonly source: BlockSource,
    pieceBytes: number,
  ) {
    this.piece = Buffer.allocUnsafeSlow(pieceBytes)
  }

  /** The block, checked. It may lie in memory that the next call uses again. */
  read(blockIndex: number): Block {
    const offset = this.index.offsetOf(blockIndex)
    const sizeBytes = this.index.sizeOf(blockIndex)
    if (offset < this.start || offset + sizeBytes > this.end) this.fill(offset, sizeBytes)
    const from = offset - this.start
    const to = Math.min(from + sizeBytes, this.end - this.start)
    const stored = this.piece.subarray(from, from + sizeBytes)
    return this.source.parse(blockIndex, stored, to - from)
  }

  private fill(offset: number, sizeBytes: number): void {
    if (sizeBytes > this.piece.length) this.piece = Buffer.allocUnsafeSlow(sizeBytes)
    const length = Math.min(this.piece.length, this.index.dataEnd - offset)
    this.start = offset
    this.end = offset + this.source.file.read(this.piece, 0, length, offset)
  }
}
