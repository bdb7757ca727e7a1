import { compareBytes, compareRanges } from '../base/bytes.js'
import { compareEnds, firstEndingBehind, isEmptyRange, type KeyRange } from './key-range.js'
import { emptySet, RankSets } from './rank-sets.js'

/** Deletes every entry of its range whose sequence is lower than its own. */
export interface RangeTombstone extends KeyRange {
  readonly sequence: number
}

/** A range in which the same tombstones cover every key. */
export interface Fragment extends KeyRange {
  /** Highest sequence of a tombstone that covers it. */
  readonly newest: number
  /** All of them: ranks, as positions in the sequences that ascend. */
  readonly ranks: number
}

/** Measured in Node 20: a tombstone with views of its bounds, and a fragment. */
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
 * One lies within another as often as it likes: what covers a fragment is the set that covers the one
 * before it but for the tombstones that begin or end between them, and is kept as that. So n tombstones
 * take memory and time in proportion to n log n at most, and to n where few overlap.
 *
 * Immutable. Built once per table and, in a memtable, again after a new range delete is read.
 */
export class RangeTombstones {
  static readonly none = new RangeTombstones([])

  readonly fragments: readonly Fragment[]
  /** Ascending; a tombstone's rank is the position of its own. */
  private readonly sequences: Float64Array
  private readonly sets = new RankSets()

  /** Requires: none is empty. */
  private constructor(readonly tombstones: readonly RangeTombstone[]) {
    const ranked = [...tombstones].sort((a, b) => a.sequence - b.sequence)
    this.sequences = Float64Array.from(ranked, ({ sequence }) => sequence)
    this.fragments = this.cut(ranked)
    this.sets.trim()
  }

  /** Ranges that hold nothing, which a log may have, are left out. */
  static from(tombstones: readonly RangeTombstone[]): RangeTombstones {
    const held = tombstones.filter((tombstone) => !isEmptyRange(tombstone))
    return held.length === 0 ? RangeTombstones.none : new RangeTombstones(held)
  }

  get isEmpty(): boolean {
    return this.fragments.length === 0
  }

  /** About what they take, but for bounds so long that they count. */
  get memoryBytes(): number {
    const objects = this.tombstones.length * tombstoneBytes + this.fragments.length * fragmentBytes
    return objects + this.sequences.byteLength + this.sets.memoryBytes
  }

  /**
   * Highest sequence ≤ `visibleSequence` of a tombstone that covers the key `bytes[start, end)`, or 0:
   * an entry of the key with a lower sequence is deleted for a reader at `visibleSequence`.
   */
  coveringSequence(bytes: Uint8Array, start: number, end: number, visibleSequence: number): number {
    const fragment = this.fragments[this.indexFor(bytes, start, end)]
    if (fragment === undefined) return 0
    const first = fragment.start
    if (compareRanges(first, 0, first.length, bytes, start, end) > 0) return 0
    return this.highestVisible(fragment, visibleSequence)
  }

  /** Index of the first fragment that ends behind the key; fragments.length when none does. */
  indexFor(bytes: Uint8Array, start: number, end: number): number {
    return firstEndingBehind(this.fragments, bytes, start, end)
  }

  /** Highest sequence ≤ `visibleSequence` of those that cover one of the fragments, or 0. */
  highestVisible({ newest, ranks }: Fragment, visibleSequence: number): number {
    if (newest <= visibleSequence) return newest
    const rank = this.sets.highestBelow(ranks, this.countUpTo(visibleSequence))
    return rank < 0 ? 0 : this.sequences[rank]
  }

  /** Lowest sequence > `sequence` of those that cover one of the fragments, or undefined. */
  lowestAbove({ ranks }: Fragment, sequence: number): number | undefined {
    const rank = this.sets.lowestFrom(ranks, this.countUpTo(sequence))
    return rank < 0 ? undefined : this.sequences[rank]
  }

  /** How many of all sequences are ≤ `sequence`, so the rank of the first that is not. */
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

  /** Sweeps over the bounds; between two neighbouring ones the covering set is constant. */
  private cut(ranked: readonly RangeTombstone[]): Fragment[] {
    const { sets, sequences } = this
    const count = ranked.length
    const byStart = ranked.map((_, rank) => rank)
    const byEnd = [...byStart]
    byStart.sort((a, b) => compareBytes(ranked[a].start, ranked[b].start))
    byEnd.sort((a, b) => compareEnds(ranked[a].end, ranked[b].end))
    const fragments: Fragment[] = []
    let ranks = emptySet
    let begun = 0
    let ended = 0
    let start = count === 0 ? null : ranked[byStart[0]].start
    while (start !== null) {
      while (ended < count && compareEnds(ranked[byEnd[ended]].end, start) === 0) {
        ranks = sets.without(ranks, byEnd[ended++])
      }
      while (begun < count && compareBytes(ranked[byStart[begun]].start, start) === 0) {
        ranks = sets.with(ranks, byStart[begun++])
      }
      const nextStart: Uint8Array | null = begun < count ? ranked[byStart[begun]].start : null
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

/** By their starts; of those with the same one, the newest first. */
export function compareRangeTombstones(a: RangeTombstone, b: RangeTombstone): number {
  return compareBytes(a.start, b.start) || b.sequence - a.sequence
}
