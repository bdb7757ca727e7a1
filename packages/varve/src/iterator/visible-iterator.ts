import { compareRanges, copyBytes, emptyBytes } from '../base/bytes.js'
import type { TextPage } from '../base/text-page.js'
import type { InternalIterator } from '../entry/internal-iterator.js'
import { isCovered, isValueAt, isVisible } from '../entry/visibility.js'
import { expiryBytes } from '../key/expiry.js'
import { type KeyRange, successor } from '../key/key-range.js'
import { ValueKind } from '../key/value-kind.js'
import type { CoveringTombstones } from './covering-tombstones.js'

/** What is held so that the source stays as it is. */
export interface Pinned {
  release(): void
}

/**
 * What a reader at one sequence sees in a range: of every user key the newest visible version, unless
 * that is deleted by itself or by a range tombstone, or has expired at the time of the reader.
 *
 *     source      a#9 a#4  b#7(del) b#2  c#3        reader at 5 sees   a#4  b#2  c#3
 *                                                   reader at 8        a#4       c#3
 *
 * Walks in one direction, from `start` or `seek` through `next`. What it remembers of entries it passed,
 * it remembers by place; only when the source is `leaving` that place it makes a copy.
 *
 * Owned by: the range object that the user iterates. Waits like its source: see `pending`.
 */
export class VisibleIterator {
  valid = false
  pending = false
  keyBytes: Uint8Array = emptyBytes
  keyStart = 0
  keyEnd = 0
  valueBytes: Uint8Array = emptyBytes
  valueStart = 0
  valueEnd = 0

  /** Forward: the key already answered, whose other versions are passed over. Backward: the group. */
  private groupBytes: Uint8Array = emptyBytes
  private groupStart = 0
  private groupEnd = 0
  private hasGroup = false
  /** Backward: whether the newest visible version met so far in the group is alive. */
  private groupAlive = false
  /** Backward: the page of what is remembered, until the source leaves it. */
  private groupPage: TextPage | undefined

  constructor(
    private readonly source: InternalIterator,
    private readonly tombstones: CoveringTombstones,
    private readonly visibleSequence: number,
    private readonly range: KeyRange,
    private readonly reverse: boolean,
    /** In milliseconds since 1970. It stands still, so that the walk is of one moment. */
    private readonly nowMs: number,
    private readonly pinned?: Pinned,
  ) {}

  /** The page in which key and value lie, if there is one. */
  get page(): TextPage | undefined {
    return this.reverse ? this.groupPage : this.source.page
  }

  /** To the first entry in the direction of the walk. */
  start(): void {
    const { source, range } = this
    if (!this.reverse) {
      if (range.start.length === 0) source.seekToFirst()
      else source.seek(range.start)
      this.findForward()
    } else {
      if (range.end === null) source.seekToLast()
      else source.seekBefore(range.end)
      this.findBackward()
    }
  }

  /**
   * To the first entry at or behind `target` in the direction of the walk, from wherever it stands.
   * Requires: not pending; `target` lies in the range.
   */
  seek(target: Uint8Array): void {
    const { source } = this
    this.hasGroup = false
    if (!this.reverse) {
      source.seek(target)
      this.findForward()
    } else {
      source.seekBefore(successor(target))
      this.findBackward()
    }
  }

  /** Requires: valid. */
  next(): void {
    if (this.reverse) {
      this.findBackward()
    } else {
      this.leaveEntry()
      this.source.next()
      this.findForward()
    }
  }

  /** Completes a step that left `pending`. */
  async load(): Promise<void> {
    await this.source.load()
    if (this.reverse) this.findBackward()
    else this.findForward()
  }

  close(): void {
    this.valid = false
    this.source.close()
    this.pinned?.release()
  }

  private findForward(): void {
    const { source, visibleSequence } = this
    for (; source.valid; this.leaveEntry(), source.next()) {
      if (this.isInGroup()) continue
      // Asked of invisible entries too: behind the end there may be any number of them.
      if (this.isPastEnd()) break
      if (!isVisible(source.sequence, visibleSequence)) continue
      this.enterGroup()
      if (!this.isAlive()) continue
      this.show()
      return
    }
    this.valid = false
    this.pending = source.pending
  }

  /** Versions come oldest first: the last visible one before the key changes is the answer. */
  private findBackward(): void {
    const { source, visibleSequence } = this
    for (; source.valid; this.leaveEntry(), source.prev()) {
      if (this.hasGroup && !this.isInGroup()) {
        if (this.emitGroup()) return
      }
      if (!this.hasGroup && this.isBeforeStart()) break
      if (!isVisible(source.sequence, visibleSequence)) continue
      if (!this.hasGroup) this.enterGroup()
      this.groupAlive = this.isAlive()
      if (!this.groupAlive) continue
      this.takeEntry()
      this.groupPage = source.page
    }
    this.pending = source.pending
    if (this.pending || !this.emitGroup()) this.valid = false
  }

  private emitGroup(): boolean {
    const alive = this.hasGroup && this.groupAlive
    this.hasGroup = false
    this.valid = alive
    this.pending = false
    return alive
  }

  /** Short, so that V8 inlines the common case into the loops. */
  private isAlive(): boolean {
    if (this.source.kind === ValueKind.put && this.tombstones.isEmpty) return true
    const { kind, valueBytes, valueStart } = this.source
    return isValueAt(kind, valueBytes, valueStart, this.nowMs) && !this.isCovered()
  }

  private isCovered(): boolean {
    const { source, tombstones, visibleSequence } = this
    if (tombstones.isEmpty) return false
    const { keyBytes, keyStart, keyEnd, sequence } = source
    const covering = tombstones.sequenceFor(keyBytes, keyStart, keyEnd, visibleSequence)
    return isCovered(sequence, covering)
  }

  private show(): void {
    this.takeEntry()
    this.valid = true
    this.pending = false
  }

  private takeEntry(): void {
    const { source } = this
    this.keyBytes = source.keyBytes
    this.keyStart = source.keyStart
    this.keyEnd = source.keyEnd
    this.valueBytes = source.valueBytes
    this.valueStart = source.valueStart
    this.valueEnd = source.valueEnd
    if (source.kind === ValueKind.putWithExpiry) this.valueStart += expiryBytes
  }

  /** Before a step of the source: what is remembered must not go with the memory that it leaves. */
  private leaveEntry(): void {
    if (!this.source.leaving || !this.hasGroup) return
    const { groupStart, groupEnd } = this
    this.groupBytes = copyBytes(this.groupBytes, groupStart, groupEnd)
    this.groupStart = 0
    this.groupEnd = groupEnd - groupStart
    if (!this.reverse || !this.groupAlive) return
    // Backward the answer is given a step later.
    this.groupPage = undefined
    this.keyBytes = this.groupBytes
    this.keyStart = 0
    this.keyEnd = this.groupEnd
    this.valueBytes = copyBytes(this.valueBytes, this.valueStart, this.valueEnd)
    this.valueEnd -= this.valueStart
    this.valueStart = 0
  }

  private enterGroup(): void {
    const { source } = this
    this.hasGroup = true
    this.groupBytes = source.keyBytes
    this.groupStart = source.keyStart
    this.groupEnd = source.keyEnd
  }

  /** Neighbouring keys differ mostly in their last bytes, so these are compared first. */
  private isInGroup(): boolean {
    if (!this.hasGroup) return false
    const { source, groupBytes, groupStart } = this
    const { keyBytes, keyStart } = source
    const length = source.keyEnd - keyStart
    if (length !== this.groupEnd - groupStart) return false
    for (let i = length - 1; i >= 0; i--) {
      if (keyBytes[keyStart + i] !== groupBytes[groupStart + i]) return false
    }
    return true
  }

  private isPastEnd(): boolean {
    const { end } = this.range
    if (end === null) return false
    const { keyBytes, keyStart, keyEnd } = this.source
    return compareRanges(keyBytes, keyStart, keyEnd, end, 0, end.length) >= 0
  }

  private isBeforeStart(): boolean {
    const { start } = this.range
    const { keyBytes, keyStart, keyEnd } = this.source
    return compareRanges(keyBytes, keyStart, keyEnd, start, 0, start.length) < 0
  }
}
