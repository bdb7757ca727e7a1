import { compareBytes, compareRanges } from '../base/bytes/bytes.js'
import { compareEnds, firstEndingAfter, isEmptyRange, type KeyRange } from './key-range.js'
import { emptySet, TombstoneSets } from './tombstone-sets.js'

/** Deletes all entries in its range that have a lower sequence. */
export interface RangeTombstone extends KeyRange {
  readonly sequence: number
}

/** A range in which the same tombstones cover every key. */
export interface Fragment extends KeyRange {
  /** Highest sequence of the tombstones that cover it. */
  readonly newest: number
  /** The set of the ranks of those tombstones, in `TombstoneSets`. */
  readonly ranks: number
}

/** Measured in Node 20: a tombstone with views of its bounds; a fragment. */
const tombstoneBytes = 300
const fragmentBytes = 60

/**
 * Range tombstones cut at each other's bounds into disjoint fragments, so that "what deletes this
 * key?" is one binary search (the fragmenter of RocksDB and Pebble):
 *
 *     a───────────m  #7                 a────d  #7
 *          d───────────t  #9     →           d────m  #9 #7
 *                                                 m────t  #9
 *
 * Tombstones may nest to any depth. The set that covers a fragment is stored as the difference from
 * the set before it: the tombstones that start or end between the two. So n tombstones take memory
 * and time proportional to n log n at most, and to n if few overlap.
 *
 * Immutable. Built once per table; a memtable rebuilds it at the first read after a range delete.
 */
export class RangeTombstones {
  static readonly none = new RangeTombstones([])

  readonly fragments: readonly Fragment[]
  /** Ascending. The rank of a tombstone is the index of its sequence. */
  private readonly sequences: Float64Array
  private readonly sets = new TombstoneSets()

  /** Requires: no range is empty. */
  private constructor(readonly tombstones: readonly RangeTombstone[]) {
    const ranked = [...tombstones].sort((a, b) => a.sequence - b.sequence)
    this.sequences = Float64Array.from(ranked, ({ sequence }) => sequence)
    this.fragments = this.cut(ranked)
    this.sets.trim()
  }

  /** Skips empty ranges, which a log may contain. */
  static from(tombstones: readonly RangeTombstone[]): RangeTombstones {
    const nonEmpty = tombstones.filter((tombstone) => !isEmptyRange(tombstone))
    return nonEmpty.length === 0 ? RangeTombstones.none : new RangeTombstones(nonEmpty)
  }

  get isEmpty(): boolean {
    return this.fragments.length === 0
  }

  /** Approximate memory, without the bytes of the bounds. */
  get memoryBytes(): number {
    const objects = this.tombstones.length * tombstoneBytes + this.fragments.length * fragmentBytes
    return objects + this.sequences.byteLength + this.sets.memoryBytes
  }

  /**
   * Highest sequence ≤ `visibleSequence` of a tombstone that covers the key `bytes[start, end)`, or
   * 0. For a reader at `visibleSequence`, entries of the key with a lower sequence are deleted.
   */
  coveringSequence(bytes: Uint8Array, start: number, end: number, visibleSequence: number): number {
    const fragment = this.fragments[this.indexFor(bytes, start, end)]
    if (fragment === undefined) return 0
    const first = fragment.start
    if (compareRanges(first, 0, first.length, bytes, start, end) > 0) return 0
    return this.highestVisible(fragment, visibleSequence)
  }

  /** Index of the first fragment that ends after the key, or `fragments.length`. */
  indexFor(bytes: Uint8Array, start: number, end: number): number {
    return firstEndingAfter(this.fragments, bytes, start, end)
  }

  /** Highest sequence ≤ `visibleSequence` of the tombstones over the fragment, or 0. */
  highestVisible({ newest, ranks }: Fragment, visibleSequence: number): number {
    if (newest <= visibleSequence) return newest
    const rank = this.sets.highestBelow(ranks, this.countUpTo(visibleSequence))
    return rank < 0 ? 0 : this.sequences[rank]
  }

  /** Lowest sequence > `sequence` of the tombstones over the fragment, or undefined. */
  lowestAbove({ ranks }: Fragment, sequence: number): number | undefined {
    const rank = this.sets.lowestFrom(ranks, this.countUpTo(sequence))
    return rank < 0 ? undefined : this.sequences[rank]
  }

  /** The number of sequences ≤ `sequence`, which is the rank of the first one above it. */
  private countUpTo(sequence: number): number {
    const { sequences } = this
    let low = 0
    let high = sequences.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (sequences[middle] <= sequence) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Sweeps over the bounds; the covering set is constant between two neighbouring bounds. */
  private cut(ranked: readonly RangeTombstone[]): Fragment[] {
    const { sets, sequences } = this
    const count = ranked.length
    const byStart = ranked.map((_, rank) => rank)
    const byEnd = [...byStart]
    byStart.sort((a, b) => compareBytes(ranked[a].start, ranked[b].start))
    byEnd.sort((a, b) => compareEnds(ranked[a].end, ranked[b].end))
    const fragments: Fragment[] = []
    let ranks = emptySet
    let started = 0
    let ended = 0
    let start = count === 0 ? null : ranked[byStart[0]].start
    while (start !== null) {
      while (ended < count && compareEnds(ranked[byEnd[ended]].end, start) === 0) {
        ranks = sets.without(ranks, byEnd[ended++])
      }
      while (started < count && compareBytes(ranked[byStart[started]].start, start) === 0) {
        ranks = sets.with(ranks, byStart[started++])
      }
      const nextStart: Uint8Array | null = started < count ? ranked[byStart[started]].start : null
      const nextEnd: Uint8Array | null = ended < count ? ranked[byEnd[ended]].end : null
      const end = compareEnds(nextStart, nextEnd) < 0 ? nextStart : nextEnd
      if (ranks !== emptySet) {
        fragments.push({ start, end, newest: sequences[sets.highest(ranks)], ranks })
      }
      start = end
    }
    return fragments
  }
}

/** Orders by start; with equal starts, the newest first. */
export function compareRangeTombstones(a: RangeTombstone, b: RangeTombstone): number {
  return compareBytes(a.start, b.start) || b.sequence - a.sequence
}
