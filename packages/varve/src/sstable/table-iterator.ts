import { assert } from '../base/assert.js'
import { copyBytes, emptyBytes } from '../base/bytes/bytes.js'
import { Memory } from '../base/memory.js'
import { EntryPage } from '../base/bytes/entry-page.js'
import type { HeldMemory } from '../cache/block-cache.js'
import { EntryCursor } from '../entry/entry-cursor.js'
import type { InternalIterator } from '../entry/internal-iterator.js'
import type { Block } from './block/block.js'
import type { BlockSource } from './block-source.js'
import { EntryPlace } from './block/entry-place.js'
import { ReadAhead } from './read-ahead.js'
import type { TableIndex } from './table-index.js'

export interface TableIteratorOptions {
  /**
   * False: a step that needs a block not in memory becomes `pending` instead of reading it. In an
   * async-only table it always does.
   */
  readonly mayRead: boolean
  /** Whether to cache the blocks that it reads. */
  readonly fillCache: boolean
  /**
   * Above zero: forward iteration reads the file in pieces of this size and bypasses the cache. For
   * iterating over whole tables. Requires: mayRead.
   */
  readonly readAheadBytes: number
}

/** The position in a block at which a step arrives. */
const Arrival = { first: 0, last: 1, atTarget: 2, beforeTarget: 3 } as const

/** After this many missing blocks in a row, assume a long iteration. */
const longWalkMisses = 3
const maxAheadBlocks = 31

/** Scratch: filled and emptied within one step. */
const entry = new EntryPlace()

/**
 * Iterates over the entries of one table, in place. Owned by: the code that opened it. Lives: until
 * `close`; the table stays open until then.
 */
export class TableIterator extends EntryCursor implements InternalIterator {
  private block: Block | undefined
  page: EntryPage | undefined
  private held: HeldMemory | undefined
  private texts: EntryPage | undefined
  private blockIndex = 0
  private entryIndex = 0
  /** The pending step: it enters `blockIndex` in this way. */
  private arrival: number = Arrival.first
  private target: Uint8Array = emptyBytes
  /** Missing blocks in a row. From the third on, reads cover more and more blocks. */
  private misses = 0
  private readonly readAhead: ReadAhead | undefined
  private isClosed = false

  constructor(
    private readonly index: TableIndex,
    private readonly source: BlockSource,
    private readonly options: TableIteratorOptions,
  ) {
    super()
    const { mayRead, readAheadBytes } = options
    assert(mayRead || readAheadBytes === 0, 'read-ahead requires mayRead')
    source.pin()
    if (readAheadBytes > 0) {
      this.readAhead = new ReadAhead(index, source, Memory.allocate(readAheadBytes))
    }
  }

  seekToFirst(): void {
    this.enter(0, Arrival.first)
  }

  seekToLast(): void {
    this.enter(this.index.count - 1, Arrival.last)
  }

  seek(target: Uint8Array): void {
    this.misses = 0
    this.target = target
    this.enter(this.index.find(target, target.length), Arrival.atTarget)
  }

  seekBefore(target: Uint8Array): void {
    this.misses = 0
    this.target = target
    const index = this.index.find(target, target.length)
    if (index === this.index.count) this.seekToLast()
    else this.enter(index, Arrival.beforeTarget)
  }

  next(): void {
    const block = this.block!
    if (this.valueEnd < block.entriesEnd) {
      this.entryIndex++
      this.show(block, this.valueEnd)
    } else {
      if (this.entryIndex !== block.count - 1) throw block.damaged('a block with missing entries')
      this.enter(this.blockIndex + 1, Arrival.first)
    }
  }

  prev(): void {
    if (this.entryIndex > 0) this.showAt(this.block!, this.entryIndex - 1)
    else this.enter(this.blockIndex - 1, Arrival.last)
  }

  async load(): Promise<void> {
    assert(this.pending, 'load without a pending step')
    while (this.pending) {
      const { blockIndex, options } = this
      const block = await this.source.load(blockIndex, options.fillCache, this.ahead())
      if (this.isClosed) return
      this.pending = false
      this.arrive(block)
    }
  }

  close(): void {
    assert(!this.isClosed, 'second close of an iterator')
    this.isClosed = true
    this.valid = false
    this.leave()
    this.source.unpin()
  }

  /** Moves to a block, or past either end of the table. */
  private enter(blockIndex: number, arrival: number): void {
    this.valid = false
    this.leave()
    if (blockIndex < 0 || blockIndex >= this.index.count) return
    this.blockIndex = blockIndex
    this.arrival = arrival
    const block = this.fetch(blockIndex)
    if (block !== undefined) return this.arrive(block)
    this.pending = true
    // The caller may change its bytes before the block is loaded.
    this.target = copyBytes(this.target)
  }

  private leave(): void {
    this.block = undefined
    this.page = undefined
    if (this.held === undefined) return
    this.source.release(this.held)
    this.held = undefined
  }

  private fetch(blockIndex: number): Block | undefined {
    const { mayRead, fillCache } = this.options
    const block = this.source.cached(blockIndex)
    if (block !== undefined) return block
    if (!mayRead || this.source.isAsyncOnly) return undefined
    if (this.readAhead !== undefined && this.isForward) return this.readAhead.read(blockIndex)
    return this.source.read(blockIndex, fillCache, this.ahead())
  }

  private get isForward(): boolean {
    return this.arrival === Arrival.first || this.arrival === Arrival.atTarget
  }

  /** The number of blocks to read in addition to the missing one; below zero: blocks before it. */
  private ahead(): number {
    const run = ++this.misses
    if (run < longWalkMisses) return 0
    const count = Math.min(2 ** (run - longWalkMisses), maxAheadBlocks)
    return this.isForward ? count : -count
  }

  private arrive(block: Block): void {
    switch (this.arrival) {
      case Arrival.first:
        this.showPage(block)
        return this.showAt(block, 0)
      case Arrival.last:
        this.showPage(block)
        return this.showAt(block, block.count - 1)
      case Arrival.atTarget: {
        // The separator of a block may be after its last key, and the target between the two.
        const found = block.lowerBound(this.target)
        if (found < block.count) this.showAt(block, found)
        else this.enter(this.blockIndex + 1, Arrival.first)
        return
      }
      default: {
        const found = block.lowerBound(this.target)
        if (found > 0) this.showAt(block, found - 1)
        else this.enter(this.blockIndex - 1, Arrival.last)
      }
    }
  }

  /**
   * Decodes the keys of a block that is probably iterated completely; skips the first, for short
   * scans.
   */
  private showPage({ bytes, start, entriesEnd, count }: Block): void {
    this.texts ??= new EntryPage()
    this.texts.show(bytes, start, entriesEnd, count)
    this.page = this.texts
  }

  private showAt(block: Block, entryIndex: number): void {
    if (this.block !== block) {
      this.block = block
      this.held = this.source.hold(block)
    }
    this.keyBytes = block.bytes
    this.valueBytes = block.bytes
    this.entryIndex = entryIndex
    this.show(block, block.offsetAt(entryIndex))
    this.valid = true
  }

  private show(block: Block, offset: number): void {
    block.read(offset, entry)
    this.kind = entry.kind
    this.keyStart = entry.keyStart
    this.keyEnd = entry.keyEnd
    this.sequence = block.baseSequence + entry.sequenceDelta
    this.valueStart = entry.keyEnd
    this.valueEnd = entry.valueEnd
    this.leaving = this.entryIndex === 0 || entry.valueEnd === block.entriesEnd
  }
}
