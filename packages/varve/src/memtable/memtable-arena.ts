import { assert } from '../base/assert.js'
import { entryBytes, firstEntry } from './entry.js'

/** The entries of a memtable, readable on any thread. */
export class ArenaView {
  readonly bytes: Buffer
  readonly words: Uint32Array

  constructor(readonly buffer: SharedArrayBuffer) {
    this.bytes = Buffer.from(buffer)
    this.words = new Uint32Array(buffer)
  }
}

const headBytes = firstEntry * 4
/** Space after the last entry, so that a prefetch stays in bounds. */
const tailBytes = 64
const pageBytes = 4096
const bytesPerBucket = 64
const minBuckets = 1 << 6
const maxBuckets = 1 << 22

/** Largest capacity: more than one entry with the longest value, and still within one Buffer. */
export const maxArenaBytes = 2 ** 32 - 2 * pageBytes

/**
 * The memory of one memtable: space for entries, and the heads of its hash chains. The operating
 * system commits the pages of a fresh arena at the first touch, which costs as much as filling
 * them. So an arena outlives its memtable and serves the next one.
 *
 * Owned by: one MemTable at a time; between two, by the Tree.
 * Invariants:
 * 1. The number of buckets is fixed, so no insert waits for a rehash.
 * 2. Touched pages stay committed: `committedBytes` never decreases.
 */
export class MemTableArena extends ArenaView {
  /** Power of two. */
  readonly buckets: Uint32Array
  private touchedBytes = headBytes

  /**
   * `capacityBytes` counts entries only: `entryBytes(k, v)` of capacity holds exactly that entry.
   */
  constructor(readonly capacityBytes: number) {
    assert(
      capacityBytes >= entryBytes(0, 0) && capacityBytes <= maxArenaBytes,
      `arena of ${capacityBytes} bytes`,
    )
    super(new SharedArrayBuffer(headBytes + capacityBytes + (-capacityBytes & 3) + tailBytes))
    this.buckets = new Uint32Array(bucketCountFor(capacityBytes))
  }

  /** Memory in use if the owner has filled `usedBytes`. */
  committedBytes(usedBytes: number): number {
    const touchedBytes = Math.max(this.touchedBytes, headBytes + usedBytes)
    const pages = Math.ceil(touchedBytes / pageBytes)
    return pages * pageBytes + this.buckets.byteLength
  }

  /**
   * Touches all bucket pages in advance. The first entries of a fresh arena go to scattered
   * buckets, and each would otherwise make the system commit a page.
   */
  touchBuckets(): void {
    this.buckets.fill(0)
  }

  /** Clears the arena for another memtable. `usedBytes`: how much the last one filled. */
  recycle(usedBytes: number): void {
    this.touchedBytes = Math.max(this.touchedBytes, headBytes + usedBytes)
    this.buckets.fill(0)
  }
}

function bucketCountFor(capacityBytes: number): number {
  const wanted = Math.min(Math.max(capacityBytes / bytesPerBucket, minBuckets), maxBuckets)
  return 2 ** Math.ceil(Math.log2(wanted))
}
