import { type BlockCodec, noneCodec } from './codec.js'
import { packBlock, type PackedBlock } from './stored-block.js'

/** Attempts that fail in a row before the packer begins to skip blocks. */
const failuresBeforeSkips = 4
/** The most blocks that are stored unchanged between two attempts. */
const maxSkips = 16

/**
 * Compresses the data blocks of one table. Blocks of data that does not shrink, such as images,
 * cost as much to compress as any: after several of them in a row, the packer stores most blocks
 * unchanged and tries again from time to time.
 *
 * Owned by: a TableWriter.
 */
export class BlockPacker {
  private failures = 0
  private skipsLeft = 0

  constructor(private readonly codec: BlockCodec) {}

  pack(payload: Buffer): PackedBlock {
    if (this.skipsLeft > 0) {
      this.skipsLeft--
      return packBlock(payload, noneCodec)
    }
    const packed = packBlock(payload, this.codec)
    if (packed.codecId !== noneCodec.id) this.failures = 0
    else if (++this.failures >= failuresBeforeSkips) {
      this.skipsLeft = Math.min(this.failures, maxSkips)
    }
    return packed
  }
}
