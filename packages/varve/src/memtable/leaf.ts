import type { ArenaView } from './memtable-arena.js'
import { keyLengthOf, keyStartOf } from './entry.js'
import { EntryRun, newestVersion } from './entry-run.js'
import { compareKeys } from './key-order.js'
import { Pile } from './pile.js'

const minTailEntries = 16
/** Newcomers up to this part of a leaf are put in their places one by one, more are sorted in. */
const insertedShare = 1 / 16
const noEntries = new Uint32Array(0)
const noHeads = new Float64Array(0)

/**
 * A stretch of the order, linked to its neighbours so that a walk needs no directory. It is sorted
 * when somebody comes to look: until then a pile, from then on a run, and behind either a tail of those
 * who came later, as they came.
 *
 *     run  d f k m  │  tail  g e         sorted: run  d e f g k m
 *
 * Owned by: an OrderedIndex.
 * Invariants:
 * 1. Pile and run are not both there.
 * 2. Entries of the tail are newer than the others.
 */
export class Leaf extends EntryRun {
  previous: Leaf | undefined
  next: Leaf | undefined
  /** Grows whenever positions in the run change their meaning. */
  changes = 0
  private pile: Pile | undefined
  private tail = noEntries
  private tailCount = 0
  /** Whether run and tail, one behind the other, are in order as they stand. */
  private isAscending = true

  constructor(arena: ArenaView) {
    super(arena, 0)
  }

  /** Entries, sorted or not. */
  get size(): number {
    return this.count + this.tailCount + (this.pile?.count ?? 0)
  }

  get isSorted(): boolean {
    return this.tailCount === 0 && this.pile === undefined
  }

  override get memoryBytes(): number {
    return super.memoryBytes + this.tail.byteLength + (this.pile?.memoryBytes ?? 0)
  }

  append(entry: number): void {
    if (this.isAscending && !this.endsBefore(entry)) this.isAscending = false
    if (this.tailCount === this.tail.length) this.growTail()
    this.tail[this.tailCount++] = entry
  }

  /** Whether it is known that all entries lie before this one. */
  endsBefore(entry: number): boolean {
    if (!this.isAscending) return false
    const { tail, tailCount, entries, count } = this
    if (tailCount === 0 && count === 0) return true
    const last = tailCount > 0 ? tail[tailCount - 1] : entries[count - 1]
    return compareKeys(this.arena, last, entry, 0) < 0
  }

  /** Sorts a few newcomers into the run; false when that is not what there is to do. */
  sortTail(): boolean {
    const { arena, tail, tailCount } = this
    if (this.pile !== undefined || tailCount > this.count * insertedShare) return false
    for (let i = 0; i < tailCount; i++) {
      const start = keyStartOf(tail[i])
      const end = start + keyLengthOf(arena.words, tail[i])
      this.insert(this.lowerBound(arena.bytes, start, end, newestVersion), tail[i])
    }
    this.tailCount = 0
    this.isAscending = true
    this.changes++
    return true
  }

  /** All that it holds, unsorted. Requires: `takePile` or `take` follows. */
  givePile(): Pile {
    const { arena, entries, count, tail, tailCount, pile } = this
    if (pile !== undefined && tailCount === 0) return pile
    const older = pile?.entries ?? entries.subarray(0, count)
    const all = new Uint32Array(tailCount + older.length)
    for (let i = 0; i < tailCount; i++) all[i] = tail[tailCount - 1 - i]
    all.set(older, tailCount)
    return Pile.of(arena, all)
  }

  takePile(pile: Pile): void {
    this.take(noEntries, noHeads, 0)
    this.pile = pile
    this.isAscending = false
  }

  /** Becomes a run. Requires: in order. */
  override take(entries: Uint32Array, heads: Float64Array, prefixLength: number): void {
    super.take(entries, heads, prefixLength)
    this.pile = undefined
    this.tail = noEntries
    this.tailCount = 0
    this.isAscending = true
    this.changes++
  }

  private growTail(): void {
    const grown = new Uint32Array(Math.max(minTailEntries, this.tail.length * 2))
    grown.set(this.tail)
    this.tail = grown
  }
}
