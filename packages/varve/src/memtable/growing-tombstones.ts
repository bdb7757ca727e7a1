import { rangeContainsSlice } from '../key/key-range.js'
import { type RangeTombstone, RangeTombstones } from '../key/range-tombstone.js'

/** Unsorted tombstones that a lookup may scan, in addition to an eighth of the sorted ones. */
const minUnsorted = 32

/**
 * The range tombstones of a memtable in use. Cutting them into fragments takes time proportional to
 * their number, so it is not repeated after each insert. The latest ones stay unsorted, and a
 * lookup scans them.
 *
 * Owned by: one MemTable.
 */
export class GrowingTombstones {
  private readonly all: RangeTombstone[] = []
  private sorted = RangeTombstones.none
  private sortedCount = 0

  /** Requires: a higher sequence than all before. Keeps the bounds, so they must not change. */
  add(tombstone: RangeTombstone): void {
    this.all.push(tombstone)
  }

  /** Requires: empty. */
  takeAll(from: GrowingTombstones): void {
    for (const tombstone of from.all) this.all.push(tombstone)
  }

  /** All tombstones, cut into fragments. Immutable. */
  toFragments(): RangeTombstones {
    if (this.sortedCount < this.all.length) {
      this.sorted = RangeTombstones.from(this.all)
      this.sortedCount = this.all.length
    }
    return this.sorted
  }

  /** Highest sequence ≤ `visibleSequence` of a tombstone over the key `bytes[start, end)`, or 0. */
  coveringSequence(bytes: Uint8Array, start: number, end: number, visibleSequence: number): number {
    const { all } = this
    if (all.length - this.sortedCount > minUnsorted + this.sortedCount / 8) this.toFragments()
    for (let i = all.length - 1; i >= this.sortedCount; i--) {
      const tombstone = all[i]
      if (tombstone.sequence > visibleSequence) continue
      if (rangeContainsSlice(tombstone, bytes, start, end)) return tombstone.sequence
    }
    return this.sorted.coveringSequence(bytes, start, end, visibleSequence)
  }
}
