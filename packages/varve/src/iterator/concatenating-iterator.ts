import { compareBytes } from '../base/bytes/bytes.js'
import type { EntryPage } from '../base/bytes/entry-page.js'
import { EntryCursor } from '../entry/entry-cursor.js'
import type { InternalIterator } from '../entry/internal-iterator.js'
import { isBefore, type KeyRange } from '../key/key-range.js'

/**
 * Walks one sorted run: tables with disjoint, ascending ranges. Opens one table at a time. Skips
 * tables before `firstIndex` and tables that start at or after `end`.
 *
 * Owned by: the merging iterator above it.
 * Requires: a walk keeps its direction, as in MergingIterator.
 */
export class ConcatenatingIterator<T extends { readonly range: KeyRange }>
  extends EntryCursor
  implements InternalIterator
{
  private index = 0
  private child: InternalIterator | undefined
  private backward = false

  constructor(
    private readonly tables: readonly T[],
    private readonly open: (table: T) => InternalIterator,
    private readonly firstIndex = 0,
    private readonly end: Uint8Array | null = null,
  ) {
    super()
  }

  get page(): EntryPage | undefined {
    return this.child?.page
  }

  seekToFirst(): void {
    this.backward = false
    this.enter(this.firstIndex)?.seekToFirst()
    this.findEntry()
  }

  seekToLast(): void {
    this.backward = true
    this.enter(this.tables.length - 1)?.seekToLast()
    this.findEntry()
  }

  seek(target: Uint8Array): void {
    this.backward = false
    this.enter(this.firstEndingAfter(target))?.seek(target)
    this.findEntry()
  }

  seekBefore(target: Uint8Array): void {
    this.backward = true
    this.enter(this.lastStartingBefore(target))?.seekBefore(target)
    this.findEntry()
  }

  next(): void {
    this.child!.next()
    if (this.child!.valid) this.showEntryOf(this.child!)
    else this.findEntry()
  }

  prev(): void {
    this.child!.prev()
    if (this.child!.valid) this.showEntryOf(this.child!)
    else this.findEntry()
  }

  async load(): Promise<void> {
    await this.child!.load()
    this.findEntry()
  }

  close(): void {
    this.child?.close()
    this.child = undefined
    this.valid = false
  }

  /** Moves on through neighbouring tables until one has an entry or must wait for a block. */
  private findEntry(): void {
    while (this.child !== undefined && !this.child.valid && !this.child.pending) {
      this.enter(this.index + (this.backward ? -1 : 1))
      if (this.backward) this.child?.seekToLast()
      else this.child?.seekToFirst()
    }
    this.pending = this.child?.pending ?? false
    this.valid = this.child?.valid ?? false
    if (this.valid) this.showEntryOf(this.child!)
  }

  private enter(index: number): InternalIterator | undefined {
    this.child?.close()
    this.child = undefined
    this.index = index
    const table = index < this.firstIndex ? undefined : this.tables[index]
    const isWanted = table !== undefined && isBefore(table.range.start, this.end)
    this.child = isWanted ? this.open(table) : undefined
    return this.child
  }

  private firstEndingAfter(key: Uint8Array): number {
    let low = this.firstIndex
    // Usually it is this one: the caller searched for the same key to set `firstIndex`.
    if (this.endsAfter(low, key)) return low
    let high = this.tables.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.endsAfter(middle, key)) high = middle
      else low = middle + 1
    }
    return low
  }

  private endsAfter(index: number, key: Uint8Array): boolean {
    const table = this.tables[index]
    return table !== undefined && isBefore(key, table.range.end)
  }

  private lastStartingBefore(key: Uint8Array): number {
    let low = 0
    let high = this.tables.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (compareBytes(this.tables[middle].range.start, key) < 0) low = middle + 1
      else high = middle
    }
    return low - 1
  }
}
