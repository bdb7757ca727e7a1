import { compareRanges } from '../base/bytes.js'
import type { RangeTombstones } from '../key/range-tombstone.js'

/**
 * The range tombstones of all places that a walk reads, asked for one key after another. Keys come in
 * order, so each list's last answer is tried before it is searched again.
 *
 * Owned by: one iterator.
 */
export class CoveringTombstones {
  /** Of walks over places without range deletes. */
  static readonly none = new CoveringTombstones([])

  private readonly lists: readonly RangeTombstones[]
  /** For each list, the fragment that the last key fell into or before. */
  private readonly positions: number[]

  constructor(lists: readonly RangeTombstones[]) {
    this.lists = lists.filter((list) => !list.isEmpty)
    this.positions = this.lists.map(() => 0)
  }

  get isEmpty(): boolean {
    return this.lists.length === 0
  }

  /** Highest sequence ≤ `visibleSequence` of a tombstone over `bytes[start, end)`, or 0. */
  sequenceFor(bytes: Uint8Array, start: number, end: number, visibleSequence: number): number {
    let highest = 0
    for (let i = 0; i < this.lists.length; i++) {
      const list = this.lists[i]
      let position = this.positions[i]
      if (!holds(list, position, bytes, start, end)) {
        position = list.indexFor(bytes, start, end)
        this.positions[i] = position
      }
      const fragment = list.fragments[position]
      if (fragment === undefined) continue
      const low = fragment.start
      if (compareRanges(low, 0, low.length, bytes, start, end) > 0) continue
      const sequence = list.highestVisible(fragment, visibleSequence)
      if (sequence > highest) highest = sequence
    }
    return highest
  }
}

/** Whether `position` is still the first fragment that ends behind the key. */
function holds(
  list: RangeTombstones,
  position: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  return (
    (position === list.fragments.length || endsBehind(list, position, bytes, start, end)) &&
    (position === 0 || !endsBehind(list, position - 1, bytes, start, end))
  )
}

function endsBehind(
  list: RangeTombstones,
  position: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  const limit = list.fragments[position].end
  return limit === null || compareRanges(limit, 0, limit.length, bytes, start, end) > 0
}
