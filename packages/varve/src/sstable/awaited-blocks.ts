import { copyBytes } from '../base/bytes/bytes.js'
import type { QueuedFile, QueuedRead, ReadQueue } from './read-queue.js'

/** The blocks of one table, as `AwaitedBlocks` needs them. */
export interface AwaitedSource {
  readonly blockCount: number
  offsetOf(index: number): number
  sizeOf(index: number): number
  /** Does not count as a use. */
  isCached(index: number): boolean
  /** Checks a stored block, caches its payload if the cache keeps it, and returns the payload. */
  admit(index: number, stored: Buffer, got: number): Buffer
  readonly file: {
    read(target: Uint8Array, targetOffset: number, length: number, position: number): number
    readAsync(
      target: Uint8Array,
      targetOffset: number,
      length: number,
      position: number,
    ): Promise<number>
  }
}

/** The most that one read of several blocks loads. */
export const mergedBytes = 64 * 1024
/** Blocks between two awaited ones that are read along: cheaper than a second read. */
const bridgedBlocks = 1

/** A block that lookups wait for. */
class AwaitedBlock {
  /** Lookups that have not used the payload yet. */
  lookups = 0
  isInRead = false
  /** The payload, if the cache did not keep it. */
  payload: Buffer | undefined
  readonly loaded: Promise<void>
  succeed!: () => void
  fail!: (error: unknown) => void

  constructor(readonly index: number) {
    this.loaded = new Promise((resolve, reject) => {
      this.succeed = resolve
      this.fail = reject
    })
  }
}

/**
 * The blocks of a table that point reads wait for, from the request to the retry of the last read.
 *
 * Owned by: a BlockSource, which stays pinned while a read waits. Lives: as long as it.
 * Invariants:
 * 1. Lookups that wait for the same block share one read of the file.
 * 2. A payload that the cache did not keep stays here until each lookup has used it, or until the
 *    next read of this table ends. Of several lookups, at least the last one to load therefore
 *    finishes, even without a cache.
 * 3. Damage fails only the lookups that wait for the damaged block.
 */
export class AwaitedBlocks implements QueuedFile {
  private readonly blocks = new Map<number, AwaitedBlock>()
  private readonly kept = new Map<number, AwaitedBlock>()

  constructor(
    private readonly source: AwaitedSource,
    private readonly queue: ReadQueue,
  ) {}

  /** Resolves when the block is cached or can be taken. */
  load(index: number): Promise<void> {
    let block = this.blocks.get(index)
    if (block === undefined) {
      block = new AwaitedBlock(index)
      this.blocks.set(index, block)
      this.queue.add(this, index)
    }
    block.lookups++
    return block.loaded
  }

  /** The payload of a loaded block that the cache did not keep. */
  take(index: number): Buffer | undefined {
    const block = this.kept.get(index)
    if (block === undefined) return undefined
    if (--block.lookups === 0) this.kept.delete(index)
    return block.payload
  }

  takeRead(index: number): QueuedRead | undefined {
    const block = this.blocks.get(index)
    if (block === undefined || block.isInRead) return undefined
    if (this.source.isCached(index)) {
      this.blocks.delete(index)
      block.succeed()
      return undefined
    }
    const taken = [block]
    block.isInRead = true
    this.extend(taken, 1)
    taken.reverse()
    this.extend(taken, -1)
    if (taken.length > 1) taken.sort((a, b) => a.index - b.index)
    return new BlockRead(this, this.source, taken)
  }

  /** Caches a block of a read that has got `stored`. False: it is damaged and has failed. */
  admit(block: AwaitedBlock, stored: Buffer, got: number): boolean {
    try {
      block.payload = this.source.admit(block.index, stored, got)
      return true
    } catch (error) {
      this.fail(block, error)
      return false
    }
  }

  /**
   * Settles an admitted block. Its payload is kept if later blocks of the read have evicted it.
   */
  succeed(block: AwaitedBlock): void {
    const { index } = block
    this.blocks.delete(index)
    if (this.source.isCached(index)) block.payload = undefined
    else {
      block.payload = copyBytes(block.payload!)
      this.kept.set(index, block)
    }
    block.succeed()
  }

  fail(block: AwaitedBlock, error: unknown): void {
    this.blocks.delete(block.index)
    block.fail(error)
  }

  /** Drops payloads that no lookup came for. */
  forgetKept(): void {
    if (this.kept.size > 0) this.kept.clear()
  }

  /** Adds waiting neighbours after (`step` 1) or before (−1) the last block of `taken`. */
  private extend(taken: AwaitedBlock[], step: 1 | -1): void {
    const { source, blocks } = this
    if (blocks.size === 1) return
    const from = taken[0].index
    let { index } = taken[taken.length - 1]
    for (let gap = 0; gap <= bridgedBlocks;) {
      index += step
      if (index < 0 || index >= source.blockCount) return
      const [first, last] = step > 0 ? [from, index] : [index, from]
      const sizeBytes = source.offsetOf(last) + source.sizeOf(last) - source.offsetOf(first)
      if (sizeBytes > mergedBytes) return
      const block = blocks.get(index)
      if (block === undefined || block.isInRead || source.isCached(index)) {
        gap++
        continue
      }
      gap = 0
      block.isInRead = true
      taken.push(block)
    }
  }
}

/** Memory of reads that have ended, for the next ones. */
const spareBuffers: Buffer[] = []
const maxSpareBuffers = 16

function takeBuffer(sizeBytes: number): Buffer {
  if (sizeBytes > mergedBytes) return Buffer.allocUnsafeSlow(sizeBytes)
  return spareBuffers.pop() ?? Buffer.allocUnsafeSlow(mergedBytes)
}

function giveBack(buffer: Buffer): void {
  if (buffer.length === mergedBytes && spareBuffers.length < maxSpareBuffers) {
    spareBuffers.push(buffer)
  }
}

/** One read of the file for the blocks of `taken`, which are in the order of the file. */
class BlockRead implements QueuedRead {
  readonly sizeBytes: number
  private readonly offset: number

  constructor(
    private readonly owner: AwaitedBlocks,
    private readonly source: AwaitedSource,
    private readonly taken: readonly AwaitedBlock[],
  ) {
    const last = taken[taken.length - 1].index
    this.offset = source.offsetOf(taken[0].index)
    this.sizeBytes = source.offsetOf(last) + source.sizeOf(last) - this.offset
  }

  runSync(): void {
    const buffer = takeBuffer(this.sizeBytes)
    try {
      this.finish(buffer, this.source.file.read(buffer, 0, this.sizeBytes, this.offset))
    } catch (error) {
      if (this.taken.length === 1) this.fail(error)
      else for (const read of this.single()) read.runSync()
    }
    giveBack(buffer)
  }

  async run(): Promise<void> {
    const buffer = takeBuffer(this.sizeBytes)
    try {
      const got = await this.source.file.readAsync(buffer, 0, this.sizeBytes, this.offset)
      this.finish(buffer, got)
    } catch (error) {
      if (this.taken.length === 1) this.fail(error)
      else for (const read of this.single()) await read.run()
    }
    giveBack(buffer)
  }

  /** One read per block, after the merged one failed: perhaps the disk refuses only one place. */
  private single(): BlockRead[] {
    return this.taken.map((block) => new BlockRead(this.owner, this.source, [block]))
  }

  private finish(buffer: Buffer, got: number): void {
    this.owner.forgetKept()
    const admitted = this.taken.filter((block) => {
      const start = this.source.offsetOf(block.index) - this.offset
      const end = start + this.source.sizeOf(block.index)
      const gotOfBlock = Math.max(0, Math.min(got, end) - start)
      return this.owner.admit(block, buffer.subarray(start, end), gotOfBlock)
    })
    for (const block of admitted) this.owner.succeed(block)
  }

  private fail(error: unknown): void {
    for (const block of this.taken) this.owner.fail(block, error)
  }
}
