import { compareRanges, copyBytes, emptyBytes } from '../base/bytes/bytes.js'
import type { EntryPage } from '../base/bytes/entry-page.js'
import { EntryFields } from '../entry/entry-fields.js'
import type { InternalIterator } from '../entry/internal-iterator.js'
import { isCovered, isValueAt, isVisible } from '../entry/visibility.js'
import { expiryBytes } from '../key/expiry.js'
import { isBefore, type KeyRange, successor } from '../key/key-range.js'
import { ValueKind } from '../key/value-kind.js'
import type { CoveringTombstones } from './covering-tombstones.js'
import { DeletedRun, keysPerReport } from './deleted-run.js'
import type { EntryWalk } from './entry-walk.js'
import type { DeletedStretches } from './deleted-stretches.js'

/** A resource that keeps the source valid until it is released. */
interface Pinned {
  release(): void
}

/**
 * The entries that a reader at one sequence sees in a range: the newest visible version of each
 * user key, unless it is a delete, is covered by a range tombstone, or has expired at the reader's
 * time.
 *
 *     source      a#9 a#4  b#7(del) b#2  c#3        reader at 5 sees   a#4  b#2  c#3
 *                                                   reader at 8        a#4       c#3
 *
 * Walks in one direction, from `start` or `seek` by `next`. It refers to earlier entries in place,
 * and copies them only when the source is `leaving` that place.
 *
 * Owned by: the range object that the user iterates. `pending` works as in InternalIterator.
 */
export class VisibleIterator extends EntryFields implements EntryWalk {
  /** The group: the key whose versions are walked. Forward, its remaining versions are skipped. */
  private groupBytes: Uint8Array = emptyBytes
  private groupStart = 0
  private groupEnd = 0
  private hasGroup = false
  /** Backward: whether the newest visible version so far in the group is alive. */
  private groupAlive = false
  /** Backward: the page of the group's entry, until the source leaves it. */
  private groupPage: EntryPage | undefined
  /** Keys without a value passed since the last key with one. */
  private deletedKeys = 0
  private deletedRun: DeletedRun | undefined

  constructor(
    private readonly source: InternalIterator,
    private readonly tombstones: CoveringTombstones,
    private readonly visibleSequence: number,
    private readonly range: KeyRange,
    private readonly reverse: boolean,
    /** Milliseconds since 1970. Constant, so that the whole walk uses one point in time. */
    private readonly nowMs: number,
    /** Shared by all iterators over the tree. */
    private readonly stretches: DeletedStretches,
    private readonly pinned?: Pinned,
  ) {
    super()
  }

  /** The page that holds key and value, if there is one. */
  get page(): EntryPage | undefined {
    return this.reverse ? this.groupPage : this.source.page
  }

  /** Moves to the first entry in the direction of the walk. */
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
   * Moves to the first entry at or after `target` in the direction of the walk, from any position.
   * Requires: not pending; `target` is in the range.
   */
  seek(target: Uint8Array): void {
    const { source } = this
    this.hasGroup = false
    this.endDeletedRun()
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
      // Checked before visibility: any number of invisible entries may follow the end.
      if (this.isPastEnd()) break
      if (!isVisible(source.sequence, visibleSequence)) continue
      this.enterGroup()
      if (!this.isAlive()) {
        if (++this.deletedKeys % keysPerReport === 0 && this.jump()) return this.findForward()
        continue
      }
      if (this.deletedKeys > 0) this.endDeletedRun()
      this.show()
      return
    }
    this.valid = false
    this.pending = source.pending
    if (!this.pending) this.endDeletedRun()
  }

  /** Versions arrive oldest first: the last visible one before the key changes is the result. */
  private findBackward(): void {
    const { source, visibleSequence } = this
    for (; source.valid; this.leaveEntry(), source.prev()) {
      if (this.hasGroup && !this.isInGroup()) {
        if (this.emitGroup()) return
        if (++this.deletedKeys % keysPerReport === 0 && this.jump()) return this.findBackward()
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
    if (this.pending) this.valid = false
    else if (!this.emitGroup()) this.endDeletedRun()
  }

  private emitGroup(): boolean {
    const alive = this.hasGroup && this.groupAlive
    if (alive && this.deletedKeys > 0) this.endDeletedRun()
    this.hasGroup = false
    this.valid = alive
    this.pending = false
    return alive
  }

  /** Jumps over the known stretch that holds the group's deleted key. False if there is none. */
  private jump(): boolean {
    const { source, range, stretches, visibleSequence, nowMs, reverse } = this
    this.deletedRun ??= new DeletedRun(stretches, visibleSequence, nowMs, reverse)
    const target = this.deletedRun.pass(this.groupBytes, this.groupStart, this.groupEnd)
    if (target === undefined) return false
    this.hasGroup = false
    if (reverse) source.seekBefore(isBefore(target, range.start) ? range.start : target)
    else source.seek(isBefore(target, range.end) ? target : range.end!)
    return true
  }

  private endDeletedRun(): void {
    this.deletedKeys = 0
    this.deletedRun?.end()
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
    this.takeBytesOf(source)
    if (source.kind === ValueKind.putWithExpiry) this.valueStart += expiryBytes
  }

  /** Call it before each step of the source: copies the group if the source releases its memory. */
  private leaveEntry(): void {
    if (!this.source.leaving || !this.hasGroup) return
    const { groupStart, groupEnd } = this
    this.groupBytes = copyBytes(this.groupBytes, groupStart, groupEnd)
    this.groupStart = 0
    this.groupEnd = groupEnd - groupStart
    if (!this.reverse || !this.groupAlive) return
    // A backward walk returns the entry one step later, so copy the entry as well.
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

  /** Compares from the end, because neighbouring keys mostly differ in their last bytes. */
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
