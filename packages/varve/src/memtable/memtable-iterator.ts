import { assert } from '../base/assert.js'
import { asBuffer } from '../base/bytes/bytes.js'
import type { InternalIterator } from '../entry/internal-iterator.js'
import { newestVersion } from './entry-run.js'
import { keyLengthOf, keyStartOf, kindOf, noEntry, sequenceOf, valueLengthOf } from './entry.js'
import type { Leaf } from './leaf.js'
import type { ArenaView } from './memtable-arena.js'
import type { OrderedIndex } from './ordered-index.js'

/** Entries that a walk prefetches together. Power of two. */
const prefetchedEntries = 32
/** A word in or right after the cache lines of the header and a short key. */
const prefetchedWord = 10

/**
 * Walks over a memtable that may be written to between two steps. It returns all entries that exist
 * when it passes their place, including those too new for the reader, which filters by sequence.
 * Never pending.
 *
 * Validity: key and value are in the arena, whose entries do not change while it is in use. They
 * are valid until the iterator closes, not only until the next step.
 *
 * Invariant: while `changes` equals the leaf's, `entry` is at `position` in the leaf; otherwise the
 * next step looks it up again.
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

  /** The current entry; noEntry if not valid. */
  private entry = noEntry
  private leaf: Leaf
  private position = 0
  private changes = 0
  /** Keeps the loads of `prefetch` from being optimized away. */
  protected prefetched = 0

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
    assert(this.valid, 'next() needs an iterator that is on an entry')
    if (this.changes !== this.leaf.changes) this.findAgain()
    this.moveTo(this.leaf, this.position + 1)
    const { position, leaf } = this
    if (this.valid && position % prefetchedEntries === 0) this.prefetch(leaf, position)
  }

  prev(): void {
    assert(this.valid, 'prev() needs an iterator that is on an entry')
    if (this.changes !== this.leaf.changes) this.findAgain()
    this.moveTo(this.leaf, this.position - 1)
    const { position, leaf } = this
    if (this.valid && position % prefetchedEntries === prefetchedEntries - 1) {
      this.prefetch(leaf, position + 1 - prefetchedEntries)
    }
  }

  load(): Promise<void> {
    return Promise.reject(new Error('an iterator over a memtable is never pending'))
  }

  close(): void {
    this.show(noEntry)
    this.onClose()
  }

  /** A position just outside the leaf means the nearest entry of its neighbour. */
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
   * Neighbours in key order are scattered over the arena, so a walk would wait for memory at each
   * entry. Loads in one loop let the processor fetch many entries in parallel.
   */
  private prefetch(leaf: Leaf, from: number): void {
    const words = this.arena.words
    const { entries } = leaf
    const to = Math.min(from + prefetchedEntries, leaf.count)
    let loaded = 0
    for (let i = from; i < to; i++) loaded ^= words[entries[i]] ^ words[entries[i] + prefetchedWord]
    this.prefetched = loaded
  }
}
