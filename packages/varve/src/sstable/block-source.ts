import { assert } from '../base/assert.js'
import { copyBytes } from '../base/bytes.js'
import { corruption, VarveError } from '../base/errors.js'
import { type BlockCache, CacheSlots, type HeldMemory } from '../cache/block-cache.js'
import type { ReadableFile } from '../fs/file-system.js'
import { Block, type BlockOrigin } from './block/block.js'
import type { CodecRegistry } from './block/codec.js'
import { unpackBlock } from './block/stored-block.js'
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
  readonly cache: BlockCache
  readonly codecs: CodecRegistry
  readonly counters: TableCounters
  /** Called now and then with how many reads have looked into blocks of a table and found nothing. */
  readonly onReadsInVain?: (fileNumber: number, reads: number) => void
}

/** Blocks that stand one behind another in the file: `first` to `last`, both included. */
interface BlockRun {
  readonly first: number
  readonly last: number
  readonly offset: number
  readonly sizeBytes: number
}

/** Scratch for what comes from the file on its way into the cache; each read is done before the next. */
const scratch = Buffer.allocUnsafeSlow(64 * 1024)

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
export class BlockSource implements BlockOrigin {
  private readonly cache: BlockCache
  private readonly slots: CacheSlots
  /** What point reads look through, one after another. */
  private readonly lookupBlock: Block
  /** Payloads on their way. */
  private readonly loads = new Map<number, Promise<Buffer>>()
  private heldIndex = -1
  private held: Buffer | undefined
  private closeWanted = false
  private pins = 0

  constructor(
    readonly file: ReadableFile,
    private readonly index: TableIndex,
    readonly baseSequence: number,
    private readonly context: TableReadContext,
  ) {
    this.cache = context.cache
    this.slots = new CacheSlots(index.count)
    this.lookupBlock = new Block(this)
  }

  get path(): string {
    return this.file.path
  }

  get isPinned(): boolean {
    return this.pins > 0
  }

  offsetOf(index: number): number {
    return this.index.offsetOf(index)
  }

  /** The block, if it is in memory: valid until the next read of this database, or while it is held. */
  cached(index: number): Block | undefined {
    return this.viewCached(index, undefined)
  }

  /** The same for a point read: the block is valid until the next call for one. */
  cachedForLookup(index: number): Block | undefined {
    return this.viewCached(index, this.lookupBlock)
  }

  /**
   * Reads a block from the file. `fillCache`: the cache keeps a copy, and of as many blocks behind it
   * (below zero: before it) as `ahead` says, which then come with the same read.
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
    const payload = this.fillFromRun(index, run, scratch, got)
    if (this.slots.has(index)) return this.viewInCache(index, new Block(this))
    return this.view(index, copyBytes(payload))
  }

  /** The same without blocking the thread. */
  async load(index: number, fillCache: boolean, ahead = 0): Promise<Block> {
    return this.view(index, await this.loadPayload(index, fillCache, ahead))
  }

  /** Ensures: `cachedForLookup` then has the block, unless the table was closed: who asks again reopens it. */
  async loadForLookup(index: number): Promise<void> {
    if (this.closeWanted) return
    const payload = await this.loadPayload(index, true, 0)
    if (this.slots.has(index)) return
    this.heldIndex = index
    this.held = payload
  }

  /**
   * Checks a stored data block, of which `got` bytes came from the file, and gives its payload: a view of
   * `stored` when it was not packed.
   */
  unpack(index: number, stored: Buffer, got: number): Buffer {
    const { codecs, counters } = this.context
    const offset = this.index.offsetOf(index)
    if (got < stored.length) {
      throw corruption(this.path, offset + got, 'the file ends inside a block')
    }
    counters.blocksRead++
    counters.bytesRead += stored.length
    return unpackBlock(stored, codecs, this.path, offset)
  }

  /** Keeps the bytes of a block as they are until `release`; undefined when nobody else has them. */
  hold(block: Block): HeldMemory | undefined {
    const { cache, slots } = this
    if (!slots.has(block.index) || cache.bytesOf(slots, block.index) !== block.bytes)
      return undefined
    return cache.hold(slots, block.index)
  }

  release(held: HeldMemory): void {
    this.cache.release(held)
  }

  /** The file stays open until `unpin`. */
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

  private viewCached(index: number, into: Block | undefined): Block | undefined {
    if (this.cache.has(this.slots, index)) return this.viewInCache(index, into ?? new Block(this))
    if (this.heldIndex !== index) return undefined
    const payload = this.held!
    this.held = undefined
    this.heldIndex = -1
    return this.view(index, payload)
  }

  private viewInCache(index: number, into: Block): Block {
    const { cache, slots } = this
    return into.at(index, cache.bytesOf(slots, index), slots.startOf(index), slots.endOf(index))
  }

  private view(index: number, payload: Buffer): Block {
    return new Block(this).at(index, payload, 0, payload.length)
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

  /** The block and its neighbours on one side, as far as they are not cached and fit into the scratch. */
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
   * Puts the blocks of a run into the cache and gives the payload of the one that was asked for. Damage
   * of the others is left for the read that asks for them.
   */
  private fillFromRun(index: number, run: BlockRun, stored: Buffer, got: number): Buffer {
    const unpackAt = (i: number): Buffer => {
      const start = this.index.offsetOf(i) - run.offset
      const end = start + this.index.sizeOf(i)
      const gotOfBlock = Math.max(0, Math.min(got, end) - start)
      return this.unpack(i, stored.subarray(start, end), gotOfBlock)
    }
    const payload = unpackAt(index)
    for (let i = run.first; i <= run.last; i++) {
      if (i === index) this.cache.insert(this.slots, i, payload)
      else {
        try {
          this.cache.insert(this.slots, i, unpackAt(i))
        } catch (error) {
          if (!(error instanceof VarveError)) throw error
        }
      }
    }
    return payload
  }

  private closeNow(): void {
    this.cache.drop(this.slots)
    this.file.close()
  }
}
