import { assert } from '../base/assert.js'

/** Numbers of a slot in `CacheSlots.words`: which chunk (0: none), where in it, and whether it was used. */
const slotWords = 4
const chunkWord = 0
const startWord = 1
const endWord = 2
const usedWord = 3

/**
 * Where the blocks of one table lie in the cache, by their index in the table.
 *
 * Owned by: the table's BlockSource; written by the cache alone. Lives: as long as the table is open.
 */
export class CacheSlots {
  readonly words: Int32Array

  constructor(blockCount: number) {
    this.words = new Int32Array(blockCount * slotWords)
  }

  /** Whether the block is cached; does not count as a use. */
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

/** A piece of the cache's memory, filled from its start. */
class Chunk {
  /** Who reads from it beyond one call; above zero its bytes stay as they are. */
  holders = 0
  filledBytes = 0
  /** Bytes of blocks that some slot still points to. */
  liveBytes = 0
  /** Whose blocks were appended, in the order of their places. */
  slots: CacheSlots[] = []
  indexes: number[] = []

  /** `number`: its place in the cache's `chunks`. */
  constructor(
    readonly number: number,
    readonly bytes: Buffer,
  ) {}
}

/** What keeps a piece of the cache's memory as it is. */
export type HeldMemory = Pick<Chunk, 'bytes'> & { holders: number }

/** The cache's memory comes in about so many pieces. */
const chunksPerCache = 64
const maxChunkBytes = 64 * 1024 * 1024

/** A chunk of which less than this share is still of use goes before the oldest one. */
const sparseShare = 1 / 4

/** Of a chunk that is filled anew, at most this share is kept: so each time half of it becomes free. */
const maxKeptShare = 1 / 2

/**
 * Keeps blocks of tables in a fixed number of large chunks of memory, filled one after another:
 *
 *     table 7: slots [ · 0:0 0:4096 ]      chunk 0 │ 7/1 │ 7/2 │ 9/0 │
 *     table 9: slots [ 0:8192 1:0 ]        chunk 1 │ 9/1 │ →
 *
 * A hit reads four numbers of a typed array that the table owns, and then the block: no object of the
 * block's own lies between, each of which would be a cache miss of the processor or two. When all
 * chunks are full the oldest one is filled anew, behind those of its blocks that were used since they
 * came (the CLOCK algorithm, Corbató 1968, a chunk at a time).
 *
 * Owned by: the database, for all of its tables. Lives: as long as it.
 * Invariants:
 * 1. A slot with a chunk's number points to its block in that chunk.
 * 2. `usedBytes` is the sum of the chunks' sizes, and at most the capacity.
 * 3. A table that goes calls `drop`.
 * 4. A chunk that somebody holds is not filled anew. When all of them are held, nothing new is kept.
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

  /** With a capacity of 0 it keeps nothing. */
  constructor(readonly capacityBytes: number) {
    assert(capacityBytes >= 0, 'a cache of negative capacity')
    this.chunkBytes = Math.min(maxChunkBytes, Math.floor(capacityBytes / chunksPerCache))
  }

  /** Whether the block is here; counts as a use of it. */
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
   * The memory that has the block at [startOf, endOf) of its slots: valid until the next `insert`, or as
   * long as it is held. Requires: the block is cached.
   */
  bytesOf(slots: CacheSlots, index: number): Buffer {
    return this.chunkOf(slots, index)!.bytes
  }

  /** Keeps a copy of a block, unless it has it or the block is too large. Blocks never change. */
  insert(slots: CacheSlots, index: number, block: Uint8Array): void {
    const sizeBytes = block.length
    assert(sizeBytes > 0, 'a block without bytes')
    if (sizeBytes > this.capacityBytes || slots.has(index)) return
    const chunk = this.chunkFor(sizeBytes)
    if (chunk === undefined) return
    chunk.bytes.set(block, chunk.filledBytes)
    this.append(chunk, slots, index, sizeBytes)
  }

  /** Forgets all blocks of a table, and gives back the memory that nothing else lies in. */
  drop(slots: CacheSlots): void {
    const blockCount = slots.words.length / slotWords
    for (let index = 0; index < blockCount; index++) this.forget(slots, index)
    for (const chunk of [...this.order]) if (chunk.liveBytes === 0) this.remove(chunk)
  }

  /** From now until `release` of what it gives, the memory of a cached block stays as it is. */
  hold(slots: CacheSlots, index: number): HeldMemory | undefined {
    const chunk = this.chunkOf(slots, index)
    if (chunk !== undefined) chunk.holders++
    return chunk
  }

  release(held: HeldMemory): void {
    assert(held.holders > 0, 'memory is released as often as it was held')
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

  /** A chunk with room for a block: a large block gets one of its own. */
  private chunkFor(sizeBytes: number): Chunk | undefined {
    const { chunkBytes, filling } = this
    if (sizeBytes > chunkBytes)
      return this.makeRoom(sizeBytes) ? this.addChunk(sizeBytes) : undefined
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

  private makeRoom(sizeBytes: number): boolean {
    while (this.usedBytes + sizeBytes > this.capacityBytes) {
      const victim = this.victim()
      if (victim === undefined) return false
      this.remove(victim)
    }
    return true
  }

  /** Another chunk while there is memory for one more, otherwise one filled anew, with room for `sizeBytes`. */
  private nextToFill(sizeBytes: number): Chunk | undefined {
    const { chunkBytes } = this
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

  /** Begins a chunk anew with those of its blocks that were used, as far as they fit in `maxKeptBytes`. */
  private refill(chunk: Chunk, maxKeptBytes: number): void {
    const { bytes, slots, indexes, number } = chunk
    this.order.push(...this.order.splice(this.order.indexOf(chunk), 1))
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
   * The chunk that goes next: the emptiest one when tables that went have left it sparse, or the oldest.
   * Undefined when all are held.
   */
  private victim(): Chunk | undefined {
    const free = this.order.filter((chunk) => chunk.holders === 0)
    if (free.length === 0) return undefined
    const emptiest = free.reduce((a, b) => (fillOf(b) < fillOf(a) ? b : a))
    return fillOf(emptiest) < sparseShare ? emptiest : free[0]
  }
}

/** Which share of a chunk is of use. */
function fillOf(chunk: Chunk): number {
  return chunk.liveBytes / chunk.bytes.length
}
