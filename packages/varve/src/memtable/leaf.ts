import type { ArenaView } from './memtable-arena.js'
import { keyLengthOf, keyStartOf } from './entry.js'
import { EntryRun, newestVersion } from './entry-run.js'
import { compareKeys } from './key-order.js'
import { UnsortedEntries } from './unsorted-entries.js'

const minTailEntries = 16
/**
 * A tail of up to this share of the run is inserted one by one; a longer one causes a full sort.
 */
const insertedShare = 1 / 16
const noEntries = new Uint32Array(0)
const noHeads = new Float64Array(0)

/**
 * A section of the order, linked to its neighbours so that a walk needs no directory. Its entries
 * are unsorted until the first read of the leaf, and a run from then on. Entries added later are in
 * a tail, in order of arrival.
 *
 *     run  d f k m  │  tail  g e         sorted: run  d e f g k m
 *
 * Owned by: an OrderedIndex.
 * Invariants:
 * 1. While `unsorted` is set, the run is empty.
 * 2. Entries of the tail are newer than the others.
 */
export class Leaf extends EntryRun {
  previous: Leaf | undefined
  next: Leaf | undefined
  /** Incremented whenever entries in the run change position. */
  changes = 0
  private unsorted: UnsortedEntries | undefined
  private tail = noEntries
  private tailCount = 0
  /** Whether the run followed by the tail is in order. */
  private isAscending = true

  constructor(arena: ArenaView) {
    super(arena, 0)
  }

  /** Number of entries, sorted or not. */
  get size(): number {
    return this.count + this.tailCount + (this.unsorted?.count ?? 0)
  }

  get isSorted(): boolean {
    return this.tailCount === 0 && this.unsorted === undefined
  }

  override get memoryBytes(): number {
    return super.memoryBytes + this.tail.byteLength + (this.unsorted?.memoryBytes ?? 0)
  }

  append(entry: number): void {
    if (this.isAscending && !this.endsBefore(entry)) this.isAscending = false
    if (this.tailCount === this.tail.length) this.growTail()
    this.tail[this.tailCount++] = entry
  }

  /** Whether all entries are known to sort before this one. */
  endsBefore(entry: number): boolean {
    if (!this.isAscending) return false
    const { tail, tailCount, entries, count } = this
    if (tailCount === 0 && count === 0) return true
    const last = tailCount > 0 ? tail[tailCount - 1] : entries[count - 1]
    return compareKeys(this.arena, last, entry, 0) < 0
  }

  /** Inserts a short tail into the run. False if the leaf needs a full sort instead. */
  sortTail(): boolean {
    const { arena, tail, tailCount } = this
    if (this.unsorted !== undefined || tailCount > this.count * insertedShare) return false
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

  /** All entries, unsorted. The caller then calls `replaceWithUnsorted` or `replaceWith`. */
  allUnsorted(): UnsortedEntries {
    const { arena, entries, count, tail, tailCount, unsorted } = this
    if (unsorted !== undefined && tailCount === 0) return unsorted
    const older = unsorted?.entries ?? entries.subarray(0, count)
    const all = new Uint32Array(tailCount + older.length)
    for (let i = 0; i < tailCount; i++) all[i] = tail[tailCount - 1 - i]
    all.set(older, tailCount)
    return UnsortedEntries.of(arena, all)
  }

  replaceWithUnsorted(unsorted: UnsortedEntries): void {
    this.replaceWith(noEntries, noHeads, 0)
    this.unsorted = unsorted
    this.isAscending = false
  }

  /** Replaces the content with a run. Requires: `entries` are in order. */
  override replaceWith(entries: Uint32Array, heads: Float64Array, prefixLength: number): void {
    super.replaceWith(entries, heads, prefixLength)
    this.unsorted = undefined
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
