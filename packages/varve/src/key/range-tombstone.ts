import { compareBytes, compareRanges } from '../base/bytes.js'
import type { KeyRange } from './key-range.js'

/** Deletes every entry of its range whose sequence is lower than its own. */
export interface RangeTombstone extends KeyRange {
  readonly sequence: number
}

export interface Fragment {
  readonly start: Uint8Array
  readonly end: Uint8Array | null
  /** Sequences of the tombstones that cover the whole fragment, highest first, without repeats. */
  readonly sequences: readonly number[]
}

/**
 * Range tombstones cut at each other's bounds into disjoint fragments, so that "what deletes this
 * key?" is one binary search (the fragmenter of RocksDB and Pebble):
 *
 *     a───────────m  #7                 a────d  #7
 *          d───────────t  #9     →           d────m  #9 #7
 *                                                 m────t  #9
 *
 * Immutable. Built once per table and, in a memtable, again after a new range delete is read.
 */
export class RangeTombstones {
  static readonly none = new RangeTombstones([])

  private constructor(readonly fragments: readonly Fragment[]) {}

  static from(tombstones: readonly RangeTombstone[]): RangeTombstones {
    return tombstones.length === 0
      ? RangeTombstones.none
      : new RangeTombstones(cut(tombstones, Infinity)!)
  }

  /**
   * The same for tombstones from a file, which may be made to fill the memory: n of them, each inside
   * of the one before, have n² sequences in all. Undefined beyond `maxSequences`.
   */
  static within(
    tombstones: readonly RangeTombstone[],
    maxSequences: number,
  ): RangeTombstones | undefined {
    const fragments = cut(tombstones, maxSequences)
    return fragments === undefined ? undefined : new RangeTombstones(fragments)
  }

  get isEmpty(): boolean {
    return this.fragments.length === 0
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
    return highestVisible(fragment.sequences, visibleSequence)
  }

  /** Index of the first fragment that ends behind the key; fragments.length when none does. */
  indexFor(bytes: Uint8Array, start: number, end: number): number {
    let low = 0
    let high = this.fragments.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const limit = this.fragments[middle].end
      const endsBefore =
        limit !== null && compareRanges(limit, 0, limit.length, bytes, start, end) <= 0
      if (endsBefore) low = middle + 1
      else high = middle
    }
    return low
  }
}

export function highestVisible(sequences: readonly number[], visibleSequence: number): number {
  for (const sequence of sequences) if (sequence <= visibleSequence) return sequence
  return 0
}

/** Sweeps over the sorted bounds; between two neighbouring bounds the covering set is constant. */
function cut(tombstones: readonly RangeTombstone[], maxSequences: number): Fragment[] | undefined {
  const sorted = [...tombstones].sort((a, b) => compareBytes(a.start, b.start))
  const bounds = sortedBounds(sorted)
  const fragments: Fragment[] = []
  let active: RangeTombstone[] = []
  let next = 0
  let left = maxSequences
  for (let i = 0; i < bounds.length; i++) {
    const start = bounds[i]
    const end = bounds[i + 1] ?? null
    active = active.filter((t) => t.end === null || compareBytes(t.end, start) > 0)
    while (next < sorted.length && compareBytes(sorted[next].start, start) <= 0) {
      active.push(sorted[next++])
    }
    if (active.length === 0) continue
    left -= active.length
    if (left < 0) return undefined
    const sequences = [...new Set(active.map((t) => t.sequence))].sort((a, b) => b - a)
    fragments.push({ start, end, sequences })
  }
  return fragments
}

function sortedBounds(tombstones: readonly RangeTombstone[]): Uint8Array[] {
  const bounds = tombstones.flatMap((t) => (t.end === null ? [t.start] : [t.start, t.end]))
  bounds.sort(compareBytes)
  return bounds.filter((bound, i) => i === 0 || compareBytes(bounds[i - 1], bound) !== 0)
}
