import { compareRanges } from '../base/bytes/bytes.js'
import type { RangeTombstones } from '../key/range-tombstone.js'

/**
 * The range tombstones of all memtables and tables that a walk reads, queried for one key after
 * another. The keys are in order, so a query first tries each list's last fragment again.
 *
 * Owned by: one iterator.
 */
export class CoveringTombstones {
  /** For walks without range deletes. */
  static readonly none = new CoveringTombstones([])

  private readonly lists: RangeTombstones[]
  /** For each list, the fragment that contained or followed the last key. */
  private readonly positions: number[]

  constructor(lists: readonly RangeTombstones[]) {
    this.lists = lists.filter((list) => !list.isEmpty)
    this.positions = this.lists.map(() => 0)
  }

  /** Adds those of another place. */
  add(list: RangeTombstones): void {
    if (list.isEmpty) return
    this.lists.push(list)
    this.positions.push(0)
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
      if (!isFirstEndingAfter(list, position, bytes, start, end)) {
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

/** Whether `position` is the first fragment that ends after the key. */
function isFirstEndingAfter(
  list: RangeTombstones,
  position: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  return (
    (position === list.fragments.length || endsAfter(list, position, bytes, start, end)) &&
    (position === 0 || !endsAfter(list, position - 1, bytes, start, end))
  )
}

function endsAfter(
  list: RangeTombstones,
  position: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  const limit = list.fragments[position].end
  return limit === null || compareRanges(limit, 0, limit.length, bytes, start, end) > 0
}
