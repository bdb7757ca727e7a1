import { assert } from '../base/assert.js'
import { asBuffer } from '../base/bytes.js'
import { EntryIterator } from './entry-iterator.js'
import { newestVersion } from './entry-run.js'
import { noEntry } from './entry.js'
import type { ArenaView } from './memtable-arena.js'
import type { Leaf, OrderedIndex } from './ordered-index.js'

/**
 * Walks over a memtable that may be written to between two steps. It sees all entries that were
 * there when it passed their place, newer than its reader or not: the reader filters by sequence.
 *
 * Invariant: while `changes` is that of the leaf, `entry` stands at `position` in it; otherwise it is
 * looked up again before the next step.
 */
export class MemTableIterator extends EntryIterator {
  private leaf: Leaf
  private position = 0
  private changes = 0

  constructor(
    arena: ArenaView,
    private readonly index: OrderedIndex,
    private readonly onClose: () => void,
  ) {
    super(arena)
    this.leaf = index.firstLeaf
  }

  seekToFirst(): void {
    this.moveTo(this.index.firstLeaf, 0)
  }

  seekToLast(): void {
    const leaf = this.index.lastLeaf
    this.moveTo(leaf, leaf.count - 1)
  }

  seek(target: Uint8Array): void {
    const bytes = asBuffer(target)
    const leaf = this.index.leafFor(bytes, 0, bytes.length, newestVersion)
    this.moveTo(leaf, leaf.lowerBound(bytes, 0, bytes.length, newestVersion))
  }

  seekBefore(target: Uint8Array): void {
    const bytes = asBuffer(target)
    const leaf = this.index.leafFor(bytes, 0, bytes.length, newestVersion)
    this.moveTo(leaf, leaf.lowerBound(bytes, 0, bytes.length, newestVersion) - 1)
  }

  next(): void {
    assert(this.valid, 'next() of an iterator that shows no entry')
    if (this.changes !== this.leaf.changes) this.findAgain()
    this.moveTo(this.leaf, this.position + 1)
    if (this.valid) this.warmAhead(this.leaf.entries, this.position, this.leaf.count)
  }

  prev(): void {
    assert(this.valid, 'prev() of an iterator that shows no entry')
    if (this.changes !== this.leaf.changes) this.findAgain()
    this.moveTo(this.leaf, this.position - 1)
    if (this.valid) this.warmBehind(this.leaf.entries, this.position)
  }

  close(): void {
    this.show(noEntry)
    this.onClose()
  }

  /** A position just outside of the leaf means the nearest entry of its neighbour. */
  private moveTo(leaf: Leaf, position: number): void {
    if (position >= leaf.count && leaf.next !== undefined) {
      leaf = leaf.next
      position = 0
    } else if (position < 0 && leaf.previous !== undefined) {
      leaf = leaf.previous
      position = leaf.count - 1
    }
    this.leaf = leaf
    this.position = position
    this.changes = leaf.changes
    this.show(position >= 0 && position < leaf.count ? leaf.entries[position] : noEntry)
  }

  private findAgain(): void {
    this.leaf = this.index.leafOf(this.entry)
    this.position = this.leaf.lowerBound(this.keyBytes, this.keyStart, this.keyEnd, this.entry)
  }
}
