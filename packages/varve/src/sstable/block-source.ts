import { assert } from '../base/assert.js'
import { copyBytes } from '../base/bytes/bytes.js'
import { corruption, VarveError } from '../base/errors.js'
import { type BlockCache, CacheSlots, type HeldMemory } from '../cache/block-cache.js'
import type { Hold, MissingPiece } from '../entry/missing-piece.js'
import type { TableFile } from '../store/table-store.js'
import { AwaitedBlocks, type AwaitedSource } from './awaited-blocks.js'
import { Block, type BlockOrigin } from './block/block.js'
import type { Allocate, CodecRegistry } from './block/codec.js'
import { unpackBlock } from './block/stored-block.js'
import { ReadQueue } from './read-queue.js'
import type { TableIndex } from './table-index.js'

/** Counters of table readers, shared by all tables of a database. */
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
  readonly cache: BlockCache
  readonly codecs: CodecRegistry
  readonly counters: TableCounters
  /** Shared by all tables whose point reads may wait. Default: each table has its own. */
  readonly reads?: ReadQueue
  /** Called from time to time with the number of reads that searched a table and found nothing. */
  readonly onFruitlessReads?: (fileNumber: number, reads: number) => void
}

/** Consecutive blocks of a file: `first` to `last`, both included. */
interface BlockRun {
  readonly first: number
  readonly last: number
  readonly offset: number
  readonly sizeBytes: number
}

/** Scratch for file reads that fill the cache; each read ends before the next. */
const scratch = Buffer.allocUnsafeSlow(64 * 1024)

/** Scratch for a payload on its way to the cache, which copies it. */
const unpacked = Buffer.allocUnsafeSlow(64 * 1024)

function fromScratch(lengthBytes: number): Buffer {
  return lengthBytes <= unpacked.length
    ? unpacked.subarray(0, lengthBytes)
    : Buffer.allocUnsafeSlow(lengthBytes)
}

/**
 * The data blocks of one table, from the cache or the file. File reads are synchronous or return a
 * promise.
 *
 * Owned by: a TableReader. Lives: until it is closed and the last pin is gone.
 * Invariants:
 * 1. The file stays open while a pin or an asynchronous read lasts.
 * 2. Asynchronous reads of one block share one read of the file.
 * 3. Blocks of an async-only file stay as long as a lookup holds them.
 */
export class BlockSource implements BlockOrigin, AwaitedSource {
  /** Blocks cannot be read synchronously. */
  readonly isAsyncOnly: boolean
  private readonly cache: BlockCache
  private readonly slots: CacheSlots
  /** Reused by successive point reads. */
  private readonly lookupBlock: Block
  /** Payloads being loaded. */
  private readonly loads = new Map<number, Promise<Buffer>>()
  private readonly awaited: AwaitedBlocks
  /** Of an async-only file: blocks that lookups hold, by index, with the number of their holds. */
  private readonly holds = new Map<number, { readonly payload: Buffer; count: number }>()
  private closeWanted = false
  private pins = 0

  constructor(
    readonly file: TableFile,
    private readonly index: TableIndex,
    readonly baseSequence: number,
    private readonly context: TableReadContext,
  ) {
    this.isAsyncOnly = file.isAsyncOnly === true
    this.cache = context.cache
    this.slots = new CacheSlots(index.count)
    this.lookupBlock = new Block(this)
    this.awaited = new AwaitedBlocks(this, context.reads ?? new ReadQueue())
  }

  get path(): string {
    return this.file.path
  }

  /** Of the places of its blocks in the cache. */
  get memoryBytes(): number {
    return this.slots.words.byteLength
  }

  get isPinned(): boolean {
    return this.pins > 0
  }

  get blockCount(): number {
    return this.index.count
  }

  offsetOf(index: number): number {
    return this.index.offsetOf(index)
  }

  sizeOf(index: number): number {
    return this.index.sizeOf(index)
  }

  isCached(index: number): boolean {
    return this.slots.has(index)
  }

  /** The block, if in memory. Valid until the next read of this database, or while held. */
  cached(index: number): Block | undefined {
    return this.viewCached(index, undefined)
  }

  /** Like `cached`, for a point read. Valid until the next call of this method. */
  cachedForLookup(index: number): Block | undefined {
    return this.viewCached(index, this.lookupBlock)
  }

  /**
   * Reads a block from the file. `fillCache`: also caches it and `ahead` blocks after it (below
   * zero: before it), which the same read loads.
   */
  read(index: number, fillCache: boolean, ahead = 0): Block {
    const sizeBytes = this.index.sizeOf(index)
    if (!fillCache || sizeBytes > Math.min(this.cache.capacityBytes, scratch.length)) {
      const stored = Buffer.allocUnsafeSlow(sizeBytes)
      const got = this.file.read(stored, 0, sizeBytes, this.index.offsetOf(index))
      const payload = this.unpack(index, stored, got)
      if (fillCache) this.cache.insert(this.slots, index, payload)
      return this.view(index, payload)
    }
    const run = this.runAround(index, ahead)
    const got = this.file.read(scratch, 0, run.sizeBytes, run.offset)
    const payload = this.fillFromRun(index, run, scratch, got, fromScratch)
    if (this.slots.has(index)) return this.viewInCache(index, new Block(this))
    return this.view(index, copyBytes(payload))
  }

  /** Like `read`, without blocking the thread. */
  async load(index: number, fillCache: boolean, ahead = 0): Promise<Block> {
    return this.view(index, await this.loadPayload(index, fillCache, ahead))
  }

  /**
   * For a lookup that may not read the block now. After `load`, `cachedForLookup` has the block,
   * unless the table was closed; a retry reopens it.
   */
  missing(index: number): MissingPiece {
    const { path, isAsyncOnly } = this
    const load = isAsyncOnly ? () => this.loadAndHold(index) : () => this.loadForLookup(index)
    return { path, isAsyncOnly, load }
  }

  /**
   * Checks a stored data block and returns its payload (`got`: the bytes read): a view of
   * `stored` when it is not compressed, else perhaps in memory from `allocate`.
   */
  unpack(index: number, stored: Buffer, got: number, allocate?: Allocate): Buffer {
    const { codecs, counters } = this.context
    const offset = this.index.offsetOf(index)
    if (got < stored.length) {
      throw corruption(this.path, offset + got, 'the file ends inside a block')
    }
    counters.blocksRead++
    counters.bytesRead += stored.length
    return unpackBlock(stored, codecs, this.path, offset, allocate)
  }

  admit(index: number, stored: Buffer, got: number): Buffer {
    const payload = this.unpack(index, stored, got)
    this.cache.insert(this.slots, index, payload)
    return payload
  }

  /**
   * Keeps the bytes of a block unchanged until `release`; undefined when nothing else uses them.
   */
  hold(block: Block): HeldMemory | undefined {
    const { cache, slots } = this
    if (!slots.has(block.index) || cache.bytesOf(slots, block.index) !== block.bytes)
      return undefined
    return cache.hold(slots, block.index)
  }

  release(held: HeldMemory): void {
    this.cache.release(held)
  }

  /** Keeps the file open until `unpin`. */
  pin(): void {
    this.pins++
  }

  unpin(): void {
    this.pins--
    assert(this.pins >= 0, 'unpin without a pin')
    if (this.pins === 0 && this.closeWanted) this.closeNow()
  }

  close(): void {
    assert(!this.closeWanted, 'second close of a table')
    this.closeWanted = true
    if (this.pins === 0) this.closeNow()
  }

  private viewCached(index: number, into: Block | undefined): Block | undefined {
    if (this.cache.has(this.slots, index)) return this.viewInCache(index, into ?? new Block(this))
    const payload = this.isAsyncOnly ? this.holds.get(index)?.payload : this.awaited.take(index)
    return payload && this.view(index, payload)
  }

  private viewInCache(index: number, into: Block): Block {
    const { cache, slots } = this
    return into.at(index, cache.bytesOf(slots, index), slots.startOf(index), slots.endOf(index))
  }

  private view(index: number, payload: Buffer): Block {
    return new Block(this).at(index, payload, 0, payload.length)
  }

  private async loadForLookup(index: number): Promise<undefined> {
    if (this.closeWanted) return
    this.pin()
    try {
      await this.awaited.load(index)
    } finally {
      this.unpin()
    }
  }

  /** A lookup that can only wait would never end if it lost one block while it loads another. */
  private async loadAndHold(index: number): Promise<Hold | undefined> {
    if (this.closeWanted) return undefined
    this.pin()
    try {
      const payload = await this.loadPayload(index, true, 0)
      const held = this.holds.get(index) ?? { payload, count: 0 }
      held.count++
      this.holds.set(index, held)
    } catch (error) {
      this.unpin()
      throw error
    }
    return { release: () => this.releaseHold(index) }
  }

  private releaseHold(index: number): void {
    if (--this.holds.get(index)!.count === 0) this.holds.delete(index)
    this.unpin()
  }

  private async loadPayload(index: number, fillCache: boolean, ahead: number): Promise<Buffer> {
    this.pin()
    try {
      let loading = this.loads.get(index)
      if (loading === undefined) {
        loading = this.readAsync(index, fillCache, ahead).finally(() => this.loads.delete(index))
        this.loads.set(index, loading)
      }
      return await loading
    } finally {
      this.unpin()
    }
  }

  private async readAsync(index: number, fillCache: boolean, ahead: number): Promise<Buffer> {
    const run = this.runAround(index, fillCache ? ahead : 0)
    const stored = Buffer.allocUnsafeSlow(run.sizeBytes)
    const got = await this.file.readAsync(stored, 0, run.sizeBytes, run.offset)
    return fillCache ? this.fillFromRun(index, run, stored, got) : this.unpack(index, stored, got)
  }

  /** The block and its uncached neighbours on one side, as far as they fit into the scratch. */
  private runAround(index: number, ahead: number): BlockRun {
    const { index: blocks, slots } = this
    const step = Math.sign(ahead)
    let [first, last] = [index, index]
    for (let left = Math.abs(ahead); left > 0; left--) {
      const next = step > 0 ? last + 1 : first - 1
      if (next < 0 || next === blocks.count || slots.has(next)) break
      const [from, to] = step > 0 ? [first, next] : [next, last]
      if (blocks.offsetOf(to) + blocks.sizeOf(to) - blocks.offsetOf(from) > scratch.length) break
      first = from
      last = to
    }
    const offset = blocks.offsetOf(first)
    return { first, last, offset, sizeBytes: blocks.offsetOf(last) + blocks.sizeOf(last) - offset }
  }

  /**
   * Caches the blocks of a run and returns the payload of the requested one, perhaps in memory from
   * `allocate`. Damage in the others is reported by the read that needs them.
   */
  private fillFromRun(
    index: number,
    run: BlockRun,
    stored: Buffer,
    got: number,
    allocate?: Allocate,
  ): Buffer {
    const unpackAt = (i: number, allocate?: Allocate): Buffer => {
      const start = this.index.offsetOf(i) - run.offset
      const end = start + this.index.sizeOf(i)
      const gotOfBlock = Math.max(0, Math.min(got, end) - start)
      return this.unpack(i, stored.subarray(start, end), gotOfBlock, allocate)
    }
    for (let i = run.first; i <= run.last; i++) {
      if (i === index) continue
      try {
        this.cache.insert(this.slots, i, unpackAt(i, fromScratch))
      } catch (error) {
        if (!(error instanceof VarveError)) throw error
      }
    }
    // Last, because the next one unpacked may overwrite it.
    const payload = unpackAt(index, allocate)
    this.cache.insert(this.slots, index, payload)
    return payload
  }

  private closeNow(): void {
    this.cache.drop(this.slots)
    this.file.close()
  }
}
