import { assert } from '../base/assert.js'

/** Words of a slot in `CacheSlots.words`: chunk number (0: none), start, end, and a used flag. */
const slotWords = 4
const chunkWord = 0
const startWord = 1
const endWord = 2
const usedWord = 3

/**
 * The places of a table's blocks in the cache, by block index.
 *
 * Owned by: the table's BlockSource. Only the cache writes it. Lives: as long as the table is open.
 */
export class CacheSlots {
  readonly words: Int32Array

  constructor(blockCount: number) {
    this.words = new Int32Array(blockCount * slotWords)
  }

  /** Whether the block is cached. Does not count as a use. */
  has(index: number): boolean {
    return this.words[index * slotWords + chunkWord] !== 0
  }

  /** Requires: the block is cached. */
  startOf(index: number): number {
    return this.words[index * slotWords + startWord]
  }

  /** Requires: the block is cached. */
  endOf(index: number): number {
    return this.words[index * slotWords + endWord]
  }
}

/** A part of the cache's memory, filled from its start. */
class Chunk {
  /** Number of `hold` calls without `release`. While above zero, the bytes do not change. */
  holders = 0
  filledBytes = 0
  /** Bytes of blocks that a slot still points to. */
  liveBytes = 0
  /** Slots and index of each appended block, in the order of their places. */
  slots: CacheSlots[] = []
  indexes: number[] = []

  /** `number` is its index in the cache's `chunks`. */
  constructor(
    readonly number: number,
    readonly bytes: Buffer,
  ) {}
}

/** A handle that keeps a part of the cache's memory unchanged. */
export type HeldMemory = Pick<Chunk, 'bytes'> & { holders: number }

/** Approximate number of chunks in a cache. */
const chunksPerCache = 64
const maxChunkBytes = 64 * 1024 * 1024

/** A chunk with a smaller live share than this is evicted before the oldest one. */
const sparseShare = 1 / 4

/** A refill keeps at most this share of a chunk, so that at least half of it becomes free. */
const maxKeptShare = 1 / 2

/**
 * Caches blocks of tables in a fixed number of large chunks of memory, filled one after another:
 *
 *     table 7: slots [ · 0:0 0:4096 ]      chunk 0 │ 7/1 │ 7/2 │ 9/0 │
 *     table 9: slots [ 0:8192 1:0 ]        chunk 1 │ 9/1 │ →
 *
 * A hit reads four numbers from a typed array that the table owns, and then the block. A JavaScript
 * object per block would cost one or two more processor cache misses. When all chunks are full, the
 * oldest is refilled. It keeps the blocks that were used since they were inserted; new blocks
 * follow them (the CLOCK algorithm, Corbató 1968, applied to chunks).
 *
 * Owned by: the database, for all of its tables. Lives: as long as the database.
 * Invariants:
 * 1. A slot with a chunk's number points to its block in that chunk.
 * 2. `usedBytes` is the sum of the chunks' sizes, and at most the capacity. Empty chunks of the
 *    usual size keep their memory.
 * 3. A table calls `drop` when it closes.
 * 4. A held chunk is not refilled. While all chunks are held, nothing new is cached.
 */
export class BlockCache {
  usedBytes = 0
  hits = 0
  misses = 0
  private readonly chunkBytes: number
  /** By number. */
  private readonly chunks: (Chunk | undefined)[] = []
  /** The same, oldest first. */
  private readonly order: Chunk[] = []
  private filling: Chunk | undefined

  /** A capacity of 0 disables the cache. */
  constructor(readonly capacityBytes: number) {
    assert(capacityBytes >= 0, 'the capacity of a block cache is not negative')
    this.chunkBytes = Math.min(maxChunkBytes, Math.floor(capacityBytes / chunksPerCache))
  }

  /** Whether the block is cached. Counts as a use. */
  has(slots: CacheSlots, index: number): boolean {
    const { words } = slots
    const at = index * slotWords
    if (words[at + chunkWord] === 0) {
      this.misses++
      return false
    }
    this.hits++
    if (words[at + usedWord] === 0) words[at + usedWord] = 1
    return true
  }

  /**
   * The memory with the block at [startOf, endOf) of its slots. Valid until the next `insert`, or
   * while it is held. Requires: the block is cached.
   */
  bytesOf(slots: CacheSlots, index: number): Buffer {
    return this.chunkOf(slots, index)!.bytes
  }

  /** Caches a copy of a block, unless it is cached already or too large. Blocks never change. */
  insert(slots: CacheSlots, index: number, block: Uint8Array): void {
    const sizeBytes = block.length
    assert(sizeBytes > 0, 'a cached block is not empty')
    if (sizeBytes > this.capacityBytes || slots.has(index)) return
    const chunk = this.chunkFor(sizeBytes)
    if (chunk === undefined) return
    chunk.bytes.set(block, chunk.filledBytes)
    this.append(chunk, slots, index, sizeBytes)
  }

  /** Removes all blocks of a table. Chunks without other blocks are filled next. */
  drop(slots: CacheSlots): void {
    const blockCount = slots.words.length / slotWords
    for (let index = 0; index < blockCount; index++) this.forget(slots, index)
    for (const chunk of [...this.order]) if (chunk.liveBytes === 0) this.clear(chunk)
  }

  /** Keeps the memory of a cached block unchanged until `release` of the returned handle. */
  hold(slots: CacheSlots, index: number): HeldMemory | undefined {
    const chunk = this.chunkOf(slots, index)
    if (chunk !== undefined) chunk.holders++
    return chunk
  }

  release(held: HeldMemory): void {
    assert(held.holders > 0, 'held memory is released once per hold')
    held.holders--
  }

  private chunkOf({ words }: CacheSlots, index: number): Chunk | undefined {
    return this.chunks[words[index * slotWords + chunkWord] - 1]
  }

  private forget({ words }: CacheSlots, index: number): void {
    const at = index * slotWords
    const number = words[at + chunkWord]
    if (number === 0) return
    words[at + chunkWord] = 0
    this.chunks[number - 1]!.liveBytes -= words[at + endWord] - words[at + startWord]
  }

  private append(chunk: Chunk, slots: CacheSlots, index: number, sizeBytes: number): void {
    const { words } = slots
    const start = chunk.filledBytes
    chunk.filledBytes += sizeBytes
    chunk.liveBytes += sizeBytes
    const at = index * slotWords
    words[at + chunkWord] = chunk.number + 1
    words[at + startWord] = start
    words[at + endWord] = start + sizeBytes
    words[at + usedWord] = 0
    chunk.slots.push(slots)
    chunk.indexes.push(index)
  }

  /** A chunk with space for a block. A large block gets its own chunk. */
  private chunkFor(sizeBytes: number): Chunk | undefined {
    const { chunkBytes, filling } = this
    if (sizeBytes > chunkBytes)
      return this.freeBytes(sizeBytes) ? this.addChunk(sizeBytes) : undefined
    if (filling !== undefined && filling.filledBytes + sizeBytes <= chunkBytes) return filling
    const next = this.nextToFill(sizeBytes)
    if (next !== undefined) this.filling = next
    return next
  }

  private addChunk(sizeBytes: number): Chunk {
    const free = this.chunks.indexOf(undefined)
    const number = free < 0 ? this.chunks.length : free
    const chunk = new Chunk(number, Buffer.allocUnsafeSlow(sizeBytes))
    this.chunks[number] = chunk
    this.order.push(chunk)
    this.usedBytes += sizeBytes
    return chunk
  }

  /** Evicts chunks until `sizeBytes` fit in the capacity. False if held chunks prevent it. */
  private freeBytes(sizeBytes: number): boolean {
    while (this.usedBytes + sizeBytes > this.capacityBytes) {
      const victim = this.victim()
      if (victim === undefined) return false
      this.remove(victim)
    }
    return true
  }

  /**
   * An empty chunk if there is one, a new one while capacity is left, otherwise a refilled one with
   * space for `sizeBytes`.
   */
  private nextToFill(sizeBytes: number): Chunk | undefined {
    const { chunkBytes } = this
    const empty = this.order.find(({ filledBytes, holders }) => filledBytes + holders === 0)
    if (empty !== undefined) {
      this.makeNewest(empty)
      return empty
    }
    while (this.usedBytes + chunkBytes > this.capacityBytes) {
      const victim = this.victim()
      if (victim === undefined) return undefined
      if (victim.bytes.length === chunkBytes) {
        this.refill(victim, Math.min(chunkBytes * maxKeptShare, chunkBytes - sizeBytes))
        return victim
      }
      this.remove(victim)
    }
    return this.addChunk(chunkBytes)
  }

  /** Restarts a chunk with its used blocks, as far as they fit in `maxKeptBytes`. */
  private refill(chunk: Chunk, maxKeptBytes: number): void {
    const { bytes, slots, indexes, number } = chunk
    this.makeNewest(chunk)
    chunk.filledBytes = 0
    chunk.slots = []
    chunk.indexes = []
    for (const [i, index] of indexes.entries()) {
      const { words } = slots[i]
      const at = index * slotWords
      if (words[at + chunkWord] !== number + 1) continue
      const start = words[at + startWord]
      const end = words[at + endWord]
      const isKept = words[at + usedWord] === 1 && chunk.filledBytes + end - start <= maxKeptBytes
      this.forget(slots[i], index)
      if (!isKept) continue
      bytes.copyWithin(chunk.filledBytes, start, end)
      this.append(chunk, slots[i], index, end - start)
    }
  }

  private makeNewest(chunk: Chunk): void {
    this.order.push(...this.order.splice(this.order.indexOf(chunk), 1))
  }

  /**
   * Makes a chunk without blocks ready to be filled. Its memory stays: garbage collection would
   * return it late, and a new chunk in its place would take fresh memory in the meantime.
   */
  private clear(chunk: Chunk): void {
    if (chunk.holders > 0 || chunk.bytes.length !== this.chunkBytes) {
      this.remove(chunk)
      return
    }
    chunk.filledBytes = 0
    chunk.slots = []
    chunk.indexes = []
  }

  private remove(chunk: Chunk): void {
    this.order.splice(this.order.indexOf(chunk), 1)
    for (const [i, index] of chunk.indexes.entries()) {
      const slots = chunk.slots[i]
      if (slots.words[index * slotWords + chunkWord] === chunk.number + 1) this.forget(slots, index)
    }
    this.chunks[chunk.number] = undefined
    this.usedBytes -= chunk.bytes.length
    if (this.filling === chunk) this.filling = undefined
  }

  /**
   * The next chunk to evict: the emptiest one if closed tables left it sparse, else the oldest.
   * Undefined if all are held.
   */
  private victim(): Chunk | undefined {
    const free = this.order.filter((chunk) => chunk.holders === 0)
    if (free.length === 0) return undefined
    const emptiest = free.reduce((a, b) => (fillOf(b) < fillOf(a) ? b : a))
    return fillOf(emptiest) < sparseShare ? emptiest : free[0]
  }
}

/** The live share of a chunk. */
function fillOf(chunk: Chunk): number {
  return chunk.liveBytes / chunk.bytes.length
}
