import { assert } from '../base/assert.js'
import { corruption } from '../base/errors.js'
import type { BlockCache, CacheSlots } from '../cache/block-cache.js'
import type { ReadableFile } from '../fs/file-system.js'
import { Block } from './block.js'
import type { CodecRegistry } from './codec.js'
import { unpackBlock } from './stored-block.js'
import type { TableIndex } from './table-index.js'

/** What table readers have counted; shared by the tables of a database, summed up in its stats. */
export interface TableCounters {
  filterProbes: number
  /** Probes that said "absent" and saved a read. */
  filterUseful: number
  /** Probes that said "maybe" of a key that the table does not have. */
  filterFalsePositives: number
  /** Data blocks read from files, and their stored bytes. */
  blocksRead: number
  bytesRead: number
}

export function newTableCounters(): TableCounters {
  return {
    filterProbes: 0,
    filterUseful: 0,
    filterFalsePositives: 0,
    blocksRead: 0,
    bytesRead: 0,
  }
}

export interface TableReadContext {
  readonly cache: BlockCache<Block>
  readonly codecs: CodecRegistry
  readonly counters: TableCounters
}

/**
 * The data blocks of one table, from the cache or from the file; from the file in two ways, at once or
 * by a promise.
 *
 * Owned by: a TableReader. Lives: until it is closed and the last pin is gone.
 * Invariants:
 * 1. The file stays open while a pin or an asynchronous read lasts.
 * 2. Asynchronous reads of one block share one read of the file.
 * 3. A block that `loadForLookup` brought and the cache did not keep is held here for the next
 *    `cached` that asks for it, or until another one takes its place. So of several lookups that wait
 *    for blocks the last one to load gets through, even without a cache.
 */
export class BlockSource {
  private readonly slots: CacheSlots<Block>
  private readonly loads = new Map<number, Promise<Block>>()
  private heldIndex = -1
  private held: Block | undefined
  private closeWanted = false
  private pins = 0

  constructor(
    readonly file: ReadableFile,
    private readonly index: TableIndex,
    private readonly baseSequence: number,
    private readonly context: TableReadContext,
  ) {
    this.slots = new Array<undefined>(index.count).fill(undefined)
  }

  get isPinned(): boolean {
    return this.pins > 0
  }

  cached(index: number): Block | undefined {
    const block = this.context.cache.get(this.slots, index)
    return block === undefined && this.heldIndex === index ? this.takeHeld() : block
  }

  read(index: number, fillCache: boolean): Block {
    const stored = Buffer.allocUnsafeSlow(this.index.sizeOf(index))
    const got = this.file.read(stored, 0, stored.length, this.index.offsetOf(index))
    const block = this.parse(index, stored, got)
    if (fillCache) this.fill(index, block)
    return block
  }

  async load(index: number, fillCache: boolean): Promise<Block> {
    this.pin()
    try {
      let reading = this.loads.get(index)
      if (reading === undefined) {
        reading = this.readAsync(index).finally(() => this.loads.delete(index))
        this.loads.set(index, reading)
      }
      const block = await reading
      if (fillCache && this.slots[index] === undefined) this.fill(index, block)
      return block
    } finally {
      this.unpin()
    }
  }

  /** Ensures: `cached` then has the block, unless the table was closed: who asks again reopens it. */
  async loadForLookup(index: number): Promise<void> {
    if (this.closeWanted) return
    const block = await this.load(index, true)
    if (this.slots[index] !== undefined) return
    this.heldIndex = index
    this.held = block
  }

  /** Checks and views the bytes of a data block, of which `got` came from the file. */
  parse(index: number, stored: Buffer, got: number): Block {
    const { codecs, counters } = this.context
    const { path } = this.file
    const offset = this.index.offsetOf(index)
    if (got < stored.length) throw corruption(path, offset + got, 'the file ends inside a block')
    counters.blocksRead++
    counters.bytesRead += stored.length
    return new Block(unpackBlock(stored, codecs, path, offset), this.baseSequence, path, offset)
  }

  pin(): void {
    this.pins++
  }

  unpin(): void {
    this.pins--
    assert(this.pins >= 0, 'a table is unpinned as often as it was pinned')
    if (this.pins === 0 && this.closeWanted) this.closeNow()
  }

  close(): void {
    assert(!this.closeWanted, 'a table is closed once')
    this.closeWanted = true
    if (this.pins === 0) this.closeNow()
  }

  private takeHeld(): Block | undefined {
    const block = this.held
    this.held = undefined
    this.heldIndex = -1
    return block
  }

  private async readAsync(index: number): Promise<Block> {
    const stored = Buffer.allocUnsafeSlow(this.index.sizeOf(index))
    const offset = this.index.offsetOf(index)
    const got = await this.file.readAsync(stored, 0, stored.length, offset)
    return this.parse(index, stored, got)
  }

  private fill(index: number, block: Block): void {
    this.context.cache.insert(this.slots, index, block, block.memoryBytes)
  }

  private closeNow(): void {
    this.context.cache.drop(this.slots)
    this.file.close()
  }
}
