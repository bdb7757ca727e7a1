import { compareBytes, compareRanges } from '../../base/bytes/bytes.js'
import type { InputEntry } from '../../entry/job-input.js'
import { isCovered, isVisible } from '../../entry/visibility.js'
import { compareEnds, firstEndingAfter, type KeyRange, rangesOverlap } from '../../key/key-range.js'
import { maxSequence } from '../../key/limits.js'
import {
  compareRangeTombstones,
  type RangeTombstone,
  RangeTombstones,
} from '../../key/range-tombstone.js'
import { ValueKind } from '../../key/value-kind.js'
import { CoveringTombstones } from '../../iterator/covering-tombstones.js'

/**
 * Decides which versions a flush or compaction keeps. Receives the entries in order and does no
 * I/O.
 *
 * The snapshots divide the sequences into stripes. All readers of one stripe see the same version
 * of a key, the newest one in that stripe (see entry/visibility.ts). Only that version is kept:
 *
 *     snapshots                4           9
 *     stripe            0      |     1     |    2
 *     versions of k    #1  #3  |  #6  #8   |  #12        kept: #12, #8, #3
 *
 * A delete or range tombstone in the lowest stripe is also dropped when no deeper level can hold
 * anything that it deletes.
 *
 * Owned by: one job.
 */
export class Survivors {
  /** Entries that were dropped: shadowed or deleted ones, and deletes with nothing below. */
  dropped = 0
  /** The highest sequence of a range delete that covers the last kept entry, or 0. */
  coveredAt = 0

  private readonly covering: CoveringTombstones
  private readonly deeper: readonly KeyRange[]
  private deeperIndex = 0
  private lastStripe = -1

  /**
   * `snapshots` ascend; `deeper` holds the ranges of tables below the output level, in any order.
   */
  constructor(
    private readonly snapshots: readonly number[],
    private readonly tombstones: RangeTombstones,
    deeper: readonly KeyRange[],
  ) {
    this.covering = new CoveringTombstones([tombstones])
    this.deeper = coalesce(deeper)
  }

  /** Whether to keep the entry. */
  keeps(entry: InputEntry): boolean {
    const { sequence } = entry
    const stripe = this.snapshots.length === 0 ? 0 : this.stripeOf(sequence)
    if (!entry.isNewKey && stripe === this.lastStripe) return this.drop()
    this.lastStripe = stripe
    if (!this.covering.isEmpty) {
      const { memory, keyStart, keyEnd } = entry
      const limit = this.snapshots[stripe] ?? maxSequence
      const covering = this.covering.sequenceFor(memory.bytes, keyStart, keyEnd, limit)
      if (isCovered(sequence, covering)) return this.drop()
      this.coveredAt =
        stripe === this.snapshots.length
          ? covering
          : this.covering.sequenceFor(memory.bytes, keyStart, keyEnd, maxSequence)
    }
    if (entry.kind === ValueKind.delete && stripe === 0 && !this.mayBeDeeper(entry)) {
      return this.drop()
    }
    return true
  }

  /**
   * The range tombstones to keep, ordered by start, then newest first. Readers of one stripe see
   * only the newest tombstone over each key, so the kept tombstones of one stripe are disjoint:
   *
   *     a───────────m  #7                a────d  #7
   *          d───────────t  #9     →          d───────────t  #9
   */
  keptTombstones(): RangeTombstone[] {
    const kept: RangeTombstone[] = []
    for (const [stripe, tombstones] of this.tombstonesByStripe()) {
      for (const part of newestOver(tombstones)) {
        if (stripe > 0 || this.overlapsDeeper(part)) kept.push(part)
      }
    }
    return kept.sort(compareRangeTombstones)
  }

  private tombstonesByStripe(): Map<number, RangeTombstones> {
    if (this.snapshots.length === 0) return new Map([[0, this.tombstones]])
    const lists = new Map<number, RangeTombstone[]>()
    for (const tombstone of this.tombstones.tombstones) {
      const stripe = this.stripeOf(tombstone.sequence)
      const list = lists.get(stripe)
      if (list === undefined) lists.set(stripe, [tombstone])
      else list.push(tombstone)
    }
    return new Map([...lists].map(([stripe, list]) => [stripe, RangeTombstones.from(list)]))
  }

  private overlapsDeeper(range: KeyRange): boolean {
    const { deeper } = this
    const { start } = range
    const index = firstEndingAfter(deeper, start, 0, start.length)
    return index < deeper.length && rangesOverlap(deeper[index], range)
  }

  private drop(): false {
    this.dropped++
    return false
  }

  /** The number of snapshots that do not see `sequence`. */
  private stripeOf(sequence: number): number {
    const { snapshots } = this
    let low = 0
    let high = snapshots.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (!isVisible(sequence, snapshots[middle])) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Whether a deeper table may contain the key. Keys ascend, so each range is passed only once. */
  private mayBeDeeper({ memory, keyStart, keyEnd }: InputEntry): boolean {
    const { deeper } = this
    const { bytes } = memory
    while (this.deeperIndex < deeper.length) {
      const range = deeper[this.deeperIndex]
      if (
        range.end === null ||
        compareRanges(bytes, keyStart, keyEnd, range.end, 0, range.end.length) < 0
      ) {
        return compareRanges(range.start, 0, range.start.length, bytes, keyStart, keyEnd) <= 0
      }
      this.deeperIndex++
    }
    return false
  }
}

/** The newest tombstone of every key, as disjoint parts in order. */
function newestOver({ fragments }: RangeTombstones): RangeTombstone[] {
  const parts: RangeTombstone[] = []
  for (const { start, end, newest: sequence } of fragments) {
    const last = parts.at(-1)
    const continues = last?.sequence === sequence && compareEnds(last.end, start) === 0
    if (continues) parts[parts.length - 1] = { start: last.start, end, sequence }
    else parts.push({ start, end, sequence })
  }
  return parts
}

/** The same set of keys as disjoint ranges, in order. */
function coalesce(ranges: readonly KeyRange[]): KeyRange[] {
  const sorted = [...ranges].sort((a, b) => compareBytes(a.start, b.start))
  const result: KeyRange[] = []
  for (const range of sorted) {
    const last = result.at(-1)
    if (last !== undefined && (last.end === null || compareBytes(range.start, last.end) <= 0)) {
      if (compareEnds(range.end, last.end) > 0) {
        result[result.length - 1] = { start: last.start, end: range.end }
      }
    } else {
      result.push(range)
    }
  }
  return result
}
