import { Memory } from '../../base/memory.js'
import type { InputEntry, JobInput } from '../../entry/job-input.js'
import type { RunCursor } from './run-cursor.js'

/**
 * Merges sorted runs into one.
 *
 * Owned by: one compaction. Lives: as long as the compaction.
 * Invariants, between two calls:
 * 1. `cursors` are those positioned on an entry, in entry order. The first is on the entry returned
 *    last. The next call moves it back past the cursors ahead of its next entry, so that a long
 *    stretch from one run costs one comparison per entry.
 * 2. Keys ascend. A run with descending keys is `CORRUPTION`.
 */
export class MergeInput implements JobInput {
  private readonly cursors: RunCursor[] = []
  private isBegun = false
  /** The last returned key: its head, its length, and the position of its tail. */
  private lastHigh = 0
  private lastLow = 0
  private lastLength = 0
  private lastView: DataView
  private lastTailStart = 0
  private lastTailEnd = 0
  private keptTail = Memory.allocate(64)

  constructor(private readonly runs: readonly RunCursor[]) {
    this.lastView = this.keptTail.view
  }

  next(): InputEntry | undefined {
    const { cursors } = this
    if (!this.isBegun) return this.begin()
    if (cursors.length === 0) return undefined
    const last = cursors[0]
    this.rememberKeyOf(last)
    if (last.advance()) this.sinkFirst()
    else cursors.shift()
    if (cursors.length === 0) return undefined
    const first = cursors[0]
    const order = this.compareWithLastKey(first)
    if (order < 0) throw first.damaged('unsorted entries')
    first.isNewKey = order > 0
    return first
  }

  close(): void {
    for (const run of this.runs) run.close()
  }

  private begin(): InputEntry | undefined {
    this.isBegun = true
    for (const run of this.runs) {
      if (!run.advance()) continue
      this.cursors.unshift(run)
      this.sinkFirst()
    }
    return this.cursors.at(0)
  }

  /** Moves the first cursor to its place in the order. */
  private sinkFirst(): void {
    const { cursors } = this
    const { length } = cursors
    const first = cursors[0]
    let i = 1
    for (; i < length && cursors[i].isAheadOf(first); i++) cursors[i - 1] = cursors[i]
    cursors[i - 1] = first
  }

  private rememberKeyOf(cursor: RunCursor): void {
    const { keyStart, tailStart, keyEnd } = cursor
    this.lastHigh = cursor.headHigh
    this.lastLow = cursor.headLow
    this.lastLength = keyEnd - keyStart
    this.lastView = cursor.memory.view
    this.lastTailStart = tailStart
    this.lastTailEnd = keyEnd
    if (cursor.isAtBlockEnd) this.keepTail(cursor)
  }

  /** Copies the tail of the key, because the next step reuses its memory. */
  private keepTail({ memory, tailStart, keyEnd }: RunCursor): void {
    const length = keyEnd - tailStart
    if (length > this.keptTail.bytes.length) this.keptTail = Memory.allocate(2 * length)
    memory.bytes.copy(this.keptTail.bytes, 0, tailStart, keyEnd)
    this.lastView = this.keptTail.view
    this.lastTailStart = 0
    this.lastTailEnd = length
  }

  private compareWithLastKey(cursor: RunCursor): number {
    const { lastHigh, lastLow, lastView, lastTailStart, lastTailEnd } = this
    if (cursor.headHigh !== lastHigh) return cursor.headHigh - lastHigh
    if (cursor.headLow !== lastLow) return cursor.headLow - lastLow
    return cursor.compareTail(lastView, lastTailStart, lastTailEnd, this.lastLength)
  }
}
