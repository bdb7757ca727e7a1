import { assert } from '../base/assert.js'
import { asBuffer, compareRanges } from '../base/bytes.js'
import type { InternalIterator } from '../key/internal-iterator.js'
import { keyLengthOf, keyStartOf, kindOf, noEntry, sequenceOf, valueLengthOf } from './entry.js'
import type { ArenaView } from './memtable-arena.js'

/** Entries that a walk asks the memory for at once. Power of two. */
const warmedEntries = 32
/** A word that lies in the same cache lines as the header and a short key, or just behind. */
const warmedWord = 10

/**
 * What the iterators over entries of an arena have in common: showing one entry. Never pending.
 *
 * Validity: key and value are views into the arena, which never change while it is in use; they
 * outlive the step, up to the `close` of the iterator.
 */
export abstract class EntryIterator implements InternalIterator {
  valid = false
  readonly pending = false
  readonly keyBytes: Buffer
  keyStart = 0
  keyEnd = 0
  sequence = 0
  kind = 0
  readonly valueBytes: Buffer
  valueStart = 0
  valueEnd = 0

  /** The entry that is shown; noEntry when not valid. */
  protected entry = noEntry

  /** Keeps the loads of `warm` from being optimized away. */
  protected warmth = 0

  constructor(protected readonly arena: ArenaView) {
    this.keyBytes = arena.bytes
    this.valueBytes = arena.bytes
  }

  abstract seekToFirst(): void
  abstract seekToLast(): void
  abstract seek(target: Uint8Array): void
  abstract seekBefore(target: Uint8Array): void
  abstract next(): void
  abstract prev(): void
  abstract close(): void

  load(): Promise<void> {
    return Promise.reject(new Error('an iterator over a memtable is never pending'))
  }

  /**
   * Called behind each step of a walk. Neighbours in the order lie anywhere in the arena, and a walk
   * would wait for the memory at every one of them. So where a stretch of 32 positions begins, its
   * entries are touched in one go: the processor fetches them all at the same time.
   */
  protected warmAhead(entries: Uint32Array, position: number, count: number): void {
    if (position % warmedEntries === 0) {
      this.touch(entries, position, Math.min(position + warmedEntries, count))
    }
  }

  /** The same for a walk from the end to the start. */
  protected warmBehind(entries: Uint32Array, position: number): void {
    if (position % warmedEntries === warmedEntries - 1) {
      this.touch(entries, position + 1 - warmedEntries, position + 1)
    }
  }

  protected show(entry: number): void {
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

  private touch(entries: Uint32Array, from: number, to: number): void {
    const words = this.arena.words
    let warmth = 0
    for (let i = from; i < to; i++) warmth ^= words[entries[i]] ^ words[entries[i] + warmedWord]
    this.warmth = warmth
  }
}

/** Walks over a finished order: entries of a sealed memtable, sorted. */
export class SortedEntryIterator extends EntryIterator {
  private position = 0

  constructor(
    arena: ArenaView,
    private readonly sorted: Uint32Array,
  ) {
    super(arena)
  }

  seekToFirst(): void {
    this.moveTo(0)
  }

  seekToLast(): void {
    this.moveTo(this.sorted.length - 1)
  }

  seek(target: Uint8Array): void {
    this.moveTo(this.lowerBound(asBuffer(target)))
  }

  seekBefore(target: Uint8Array): void {
    this.moveTo(this.lowerBound(asBuffer(target)) - 1)
  }

  next(): void {
    assert(this.valid, 'next() of an iterator that shows no entry')
    this.moveTo(this.position + 1)
    if (this.valid) this.warmAhead(this.sorted, this.position, this.sorted.length)
  }

  prev(): void {
    assert(this.valid, 'prev() of an iterator that shows no entry')
    this.moveTo(this.position - 1)
    if (this.valid) this.warmBehind(this.sorted, this.position)
  }

  close(): void {
    this.show(noEntry)
  }

  private moveTo(position: number): void {
    this.position = position
    const isInside = position >= 0 && position < this.sorted.length
    this.show(isInside ? this.sorted[position] : noEntry)
  }

  private lowerBound(target: Buffer): number {
    const { bytes, words } = this.arena
    let low = 0
    let high = this.sorted.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const start = keyStartOf(this.sorted[middle])
      const end = start + keyLengthOf(words, this.sorted[middle])
      if (compareRanges(bytes, start, end, target, 0, target.length) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}
