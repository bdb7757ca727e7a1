import { assert } from '../base/assert.js'
import { asBuffer } from '../base/bytes.js'
import type { InternalIterator } from '../entry/internal-iterator.js'
import { newestVersion } from './entry-run.js'
import { keyLengthOf, keyStartOf, kindOf, noEntry, sequenceOf, valueLengthOf } from './entry.js'
import type { Leaf } from './leaf.js'
import type { ArenaView } from './memtable-arena.js'
import type { OrderedIndex } from './ordered-index.js'

/** Entries that a walk asks the memory for at once. Power of two. */
const warmedEntries = 32
/** A word that lies in the same cache lines as the header and a short key, or just behind. */
const warmedWord = 10

/**
 * Walks over a memtable that may be written to between two steps. It sees all entries that were
 * there when it passed their place, newer than its reader or not: the reader filters by sequence.
 * Never pending.
 *
 * Validity: key and value are views into the arena, which never change while it is in use; they
 * outlive the step, up to the `close` of the iterator.
 *
 * Invariant: while `changes` is that of the leaf, `entry` stands at `position` in it; otherwise it is
 * looked up again before the next step.
 */
export class MemTableIterator implements InternalIterator {
  valid = false
  readonly pending = false
  readonly leaving = false
  readonly page = undefined
  readonly keyBytes: Buffer
  keyStart = 0
  keyEnd = 0
  sequence = 0
  kind = 0
  readonly valueBytes: Buffer
  valueStart = 0
  valueEnd = 0

  /** The entry that is shown; noEntry when not valid. */
  private entry = noEntry
  private leaf: Leaf
  private position = 0
  private changes = 0
  /** Keeps the loads of `touch` from being optimized away. */
  protected warmth = 0

  constructor(
    private readonly arena: ArenaView,
    private readonly index: OrderedIndex,
    private readonly onClose: () => void = () => {},
  ) {
    this.keyBytes = arena.bytes
    this.valueBytes = arena.bytes
    this.leaf = index.anyLeaf
  }

  seekToFirst(): void {
    this.moveTo(this.index.first(), 0)
  }

  seekToLast(): void {
    const leaf = this.index.last()
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
    // Where a stretch begins, all of it is fetched.
    const { position, leaf } = this
    if (this.valid && position % warmedEntries === 0) this.touch(leaf, position)
  }

  prev(): void {
    assert(this.valid, 'prev() of an iterator that shows no entry')
    if (this.changes !== this.leaf.changes) this.findAgain()
    this.moveTo(this.leaf, this.position - 1)
    const { position, leaf } = this
    if (this.valid && position % warmedEntries === warmedEntries - 1) {
      this.touch(leaf, position + 1 - warmedEntries)
    }
  }

  load(): Promise<void> {
    return Promise.reject(new Error('an iterator over a memtable is never pending'))
  }

  close(): void {
    this.show(noEntry)
    this.onClose()
  }

  /** A position just outside of the leaf means the nearest entry of its neighbour. */
  private moveTo(leaf: Leaf, position: number): void {
    if (position >= leaf.count) {
      const next = this.index.after(leaf)
      if (next !== undefined) {
        leaf = next
        position = 0
      }
    } else if (position < 0) {
      const previous = this.index.before(leaf)
      if (previous !== undefined) {
        leaf = previous
        position = leaf.count - 1
      }
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

  private show(entry: number): void {
    const words = this.arena.words
    this.entry = entry
    this.valid = entry !== noEntry
    if (!this.valid) return
    this.keyStart = keyStartOf(entry)
    this.keyEnd = this.keyStart + keyLengthOf(words, entry)
    this.valueStart = this.keyEnd
    this.valueEnd = this.keyEnd + valueLengthOf(words, entry)
    this.sequence = sequenceOf(words, entry)
    this.kind = kindOf(words, entry)
  }

  /**
   * Neighbours in the order lie anywhere in the arena, and a walk would wait for the memory at every
   * one of them. So a stretch of them is touched in one go, and the processor fetches all at a time.
   */
  private touch(leaf: Leaf, from: number): void {
    const words = this.arena.words
    const { entries } = leaf
    const to = Math.min(from + warmedEntries, leaf.count)
    let warmth = 0
    for (let i = from; i < to; i++) warmth ^= words[entries[i]] ^ words[entries[i] + warmedWord]
    this.warmth = warmth
  }
}
