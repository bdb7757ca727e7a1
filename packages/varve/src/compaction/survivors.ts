import { compareRanges } from '../base/bytes.js'
import { compareBytes } from '../base/bytes.js'
import type { InputEntry } from '../key/job-input.js'
import { compareEnds, type KeyRange, rangesOverlap } from '../key/key-range.js'
import { maxSequence } from '../key/limits.js'
import type { Fragment, RangeTombstones } from '../key/range-tombstone.js'
import { ValueKind } from '../key/value-kind.js'
import { CoveringTombstones } from '../iterator/covering-tombstones.js'

/**
 * Decides which versions a flush or compaction keeps. Pure: sees entries in order, does no I/O.
 *
 * The snapshots cut the sequences into stripes; whoever reads sees, of each key, the newest version of
 * one stripe and those below. So only the newest version in each stripe is kept:
 *
 *     snapshots                4           9
 *     stripe            0      |     1     |    2
 *     versions of k    #1  #3  |  #6  #8   |  #12        kept: #12, #8, #3
 *
 * A delete, and a range tombstone, is also dropped from the lowest stripe when no deeper level can
 * hold what it deletes.
 *
 * Owned by: one job.
 */
export class Survivors {
  /** Entries passed over since they were shadowed, deleted, or deletes with nothing beneath. */
  dropped = 0

  private readonly covering: CoveringTombstones
  private readonly deeper: readonly KeyRange[]
  private deeperIndex = 0
  private lastStripe = -1

  /** `snapshots` ascend; `deeper` are the ranges of tables below the output level, in any order. */
  constructor(
    private readonly snapshots: readonly number[],
    private readonly tombstones: RangeTombstones,
    deeper: readonly KeyRange[],
  ) {
    this.covering = new CoveringTombstones([tombstones])
    this.deeper = coalesce(deeper)
  }

  /** Whether the entry stays. */
  keeps(entry: InputEntry): boolean {
    const { sequence } = entry
    const stripe = this.snapshots.length === 0 ? 0 : this.stripeOf(sequence)
    if (!entry.isNewKey && stripe === this.lastStripe) return this.drop()
    this.lastStripe = stripe
    if (!this.covering.isEmpty) {
      const { memory, keyStart, keyEnd } = entry
      const limit = this.snapshots[stripe] ?? maxSequence
      if (this.covering.sequenceFor(memory.bytes, keyStart, keyEnd, limit) > sequence)
        return this.drop()
    }
    if (entry.kind === ValueKind.delete && stripe === 0 && !this.liesDeeper(entry)) {
      return this.drop()
    }
    return true
  }

  /** The range tombstones that stay, in order of their starts. */
  keptTombstones(): Fragment[] {
    const kept: Fragment[] = []
    for (const fragment of this.tombstones.fragments) {
      const mayHide = this.deeper.some((range) => rangesOverlap(range, fragment))
      const sequences = this.newestOfEachStripe(fragment.sequences).filter(
        (sequence) => mayHide || this.stripeOf(sequence) > 0,
      )
      if (sequences.length > 0) kept.push({ ...fragment, sequences })
    }
    return kept
  }

  private drop(): false {
    this.dropped++
    return false
  }

  /** How many snapshots do not see `sequence`. */
  private stripeOf(sequence: number): number {
    const { snapshots } = this
    let stripe = 0
    while (stripe < snapshots.length && snapshots[stripe] < sequence) stripe++
    return stripe
  }

  private newestOfEachStripe(descending: readonly number[]): number[] {
    return descending.filter(
      (sequence, i) => i === 0 || this.stripeOf(sequence) !== this.stripeOf(descending[i - 1]),
    )
  }

  /** Keys come in order, so the ranges passed once are never looked at again. */
  private liesDeeper({ memory, keyStart, keyEnd }: InputEntry): boolean {
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

/** The same set of keys as disjoint ranges in order. */
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
