import { compareRanges } from '../../base/bytes/bytes.js'
import type { EntryPage } from '../../base/bytes/entry-page.js'
import { EntryFields } from '../../entry/entry-fields.js'
import { isValueAt } from '../../entry/visibility.js'
import type { EntryWalk } from '../../iterator/entry-walk.js'
import { expiryBytes } from '../../key/expiry.js'
import { type KeyRange, rangeContains, rangeContainsSlice, successor } from '../../key/key-range.js'
import { ValueKind } from '../../key/value-kind.js'
import type { IndexedBatch, PendingWrite } from './indexed-batch.js'
import type { WalkedRange } from './walked-range.js'

/**
 * The entries that a transaction sees in a range: its own writes, merged over those of its
 * snapshot.
 *
 *     own writes    b=7   d(del)        clear [e, g)
 *     snapshot      a=1   b=2   d=4   f=6   h=8            sees   a=1   b=7   h=8
 *
 * Sees the writes made before its creation. Owned by: the range or cursor that the user iterates.
 */
export class OverlaidWalk extends EntryFields implements EntryWalk {
  page: EntryPage | undefined

  private readonly writes: readonly PendingWrite[]
  private readonly clears: readonly KeyRange[]
  /** The next own write. */
  private at = 0
  /** Whether the current entry is that of the base, not a write of the transaction. */
  private isOnBase = false
  private isOnWrite = false

  constructor(
    private readonly base: EntryWalk,
    batch: IndexedBatch,
    private readonly range: KeyRange,
    private readonly reverse: boolean,
    private readonly nowMs: number,
    private readonly walked: WalkedRange | undefined,
  ) {
    super()
    this.writes = batch.inOrder()
    this.clears = batch.clearedRanges()
  }

  start(): void {
    const { range, reverse } = this
    this.walked?.begin(reverse ? range.end : range.start)
    this.base.start()
    this.at = reverse
      ? (range.end === null ? this.writes.length : this.firstFrom(range.end)) - 1
      : this.firstFrom(range.start)
    this.settle()
  }

  seek(target: Uint8Array): void {
    this.walked?.begin(this.reverse ? successor(target) : target)
    this.base.seek(target)
    this.at = this.firstFrom(target)
    if (this.reverse && !this.isKeyAt(this.at, target)) this.at--
    this.settle()
  }

  next(): void {
    if (this.isOnWrite) this.at += this.step
    if (this.isOnBase) this.base.next()
    this.settle()
  }

  async load(): Promise<void> {
    await this.base.load()
    this.settle()
  }

  close(): void {
    this.valid = false
    this.walked?.freeze()
    this.base.close()
  }

  private get step(): number {
    return this.reverse ? -1 : 1
  }

  /** Makes the first visible entry at or after both positions the current one. */
  private settle(): void {
    const { base } = this
    this.isOnBase = false
    this.isOnWrite = false
    for (;;) {
      this.pending = base.pending
      this.valid = false
      if (base.pending) return
      const write = this.currentWrite()
      if (base.valid && this.isCleared()) {
        base.next()
        continue
      }
      const order = this.order(write)
      this.isOnBase = base.valid && order <= 0
      this.isOnWrite = write !== undefined && order >= 0
      if (!this.isOnBase && !this.isOnWrite) return
      if (write === undefined || order < 0) return this.showBase()
      if (isValueAt(write.kind, write.valueBytes, 0, this.nowMs)) return this.showWrite(write)
      // Deleted by the transaction.
      this.at += this.step
      if (this.isOnBase) base.next()
    }
  }

  private currentWrite(): PendingWrite | undefined {
    const write = this.writes[this.at] as PendingWrite | undefined
    return write !== undefined && rangeContains(this.range, write.keyBytes) ? write : undefined
  }

  /** Below 0: the base is first in the direction of the walk. 0: both are at the same key. */
  private order(write: PendingWrite | undefined): number {
    const { base } = this
    if (write === undefined) return -1
    if (!base.valid) return 1
    const { keyBytes } = write
    const order = compareRanges(
      base.keyBytes,
      base.keyStart,
      base.keyEnd,
      keyBytes,
      0,
      keyBytes.length,
    )
    return this.reverse ? -order : order
  }

  private isCleared(): boolean {
    const { keyBytes, keyStart, keyEnd } = this.base
    return this.clears.some((range) => rangeContainsSlice(range, keyBytes, keyStart, keyEnd))
  }

  private showBase(): void {
    const { base } = this
    this.valid = true
    this.page = base.page
    this.takeBytesOf(base)
  }

  private showWrite({ kind, keyBytes, valueBytes }: PendingWrite): void {
    this.valid = true
    this.page = undefined
    this.keyBytes = keyBytes
    this.keyStart = 0
    this.keyEnd = keyBytes.length
    this.valueBytes = valueBytes
    this.valueStart = kind === ValueKind.putWithExpiry ? expiryBytes : 0
    this.valueEnd = valueBytes.length
  }

  private firstFrom(key: Uint8Array): number {
    let low = 0
    let high = this.writes.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const { keyBytes } = this.writes[middle]
      if (compareRanges(keyBytes, 0, keyBytes.length, key, 0, key.length) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  private isKeyAt(index: number, key: Uint8Array): boolean {
    const write = this.writes[index] as PendingWrite | undefined
    return write !== undefined && write.keyBytes.equals(key)
  }
}
