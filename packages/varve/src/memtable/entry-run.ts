import type { ArenaView } from './memtable-arena.js'
import { keyLengthOf, keyStartOf } from './entry.js'
import { entryHead, measuredHead, sharedKeyLength } from './key-order.js'
import { compareRanges } from '../base/bytes/bytes.js'

/** A `version` for searches that sorts before all versions of the key. */
export const newestVersion = 0xffffffff

const minGrownEntries = 16
/** New heads, which need a read of every key, pay off for a prefix that is longer by this much. */
const worthwhileBytes = 3
const bytesPerSlot = 12

/**
 * Entries in order: user key ascending, newest version first. Each has the head of its key: the six
 * bytes after the prefix that all keys of the run share, as a number. A search reads these adjacent
 * numbers. It reads the arena, which costs a cache miss per key, only where heads are equal.
 *
 * Owned by: an OrderedIndex, as leaf or as directory.
 * Invariant: all keys of the run share their first `prefixLength` bytes, and `heads` start after
 * those.
 */
export class EntryRun {
  count = 0
  entries: Uint32Array
  private heads: Float64Array
  private prefixLength = 0

  constructor(
    protected readonly arena: ArenaView,
    capacity: number,
  ) {
    this.entries = new Uint32Array(capacity)
    this.heads = new Float64Array(capacity)
  }

  get memoryBytes(): number {
    return this.entries.length * bytesPerSlot
  }

  /**
   * Position of the first entry that does not sort before (the key `bytes[start, end)`, `version`).
   * `version` is the index of an entry; newer entries of the same key sort before it.
   */
  lowerBound(bytes: Uint8Array, start: number, end: number, version: number): number {
    if (this.count === 0) return 0
    const first = this.entries[0]
    const limit = Math.min(start + this.prefixLength, end)
    const shared = sharedKeyLength(this.arena, first, bytes, start, limit, 0)
    if (shared < this.prefixLength) {
      const sample = keyStartOf(first)
      const prefixEnd = sample + this.prefixLength
      return compareRanges(this.arena.bytes, sample, prefixEnd, bytes, start, end) < 0
        ? this.count
        : 0
    }
    const { entries, heads } = this
    const head = measuredHead(bytes, start + shared, end)
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >>> 1
      const other = heads[middle]
      if (
        other < head ||
        (other === head && this.isBefore(entries[middle], bytes, start, end, version))
      ) {
        low = middle + 1
      } else {
        high = middle
      }
    }
    return low
  }

  /** Requires: the entry belongs at `position`. */
  insert(position: number, entry: number): void {
    if (this.count === this.entries.length) this.grow()
    const { entries, heads, arena } = this
    const start = keyStartOf(entry)
    const end = start + keyLengthOf(arena.words, entry)
    this.sharePrefixWith(start, end)
    if (position < this.count) {
      entries.copyWithin(position + 1, position, this.count)
      heads.copyWithin(position + 1, position, this.count)
    }
    entries[position] = entry
    heads[position] = measuredHead(arena.bytes, start + this.prefixLength, end)
    this.count++
  }

  /**
   * Replaces the content. Requires: `entries` are in order, all keys share `prefixLength` bytes,
   * and `heads` start after those.
   */
  replaceWith(entries: Uint32Array, heads: Float64Array, prefixLength: number): void {
    this.count = entries.length
    this.entries = entries
    this.heads = heads
    this.prefixLength = prefixLength
    const widest = this.count === 0 ? 0 : this.widestPrefix()
    if (widest < prefixLength + worthwhileBytes) return
    this.prefixLength = widest
    this.computeHeads()
  }

  /** Replaces the content of `target`, which may be this run, with a copy of a part of this run. */
  copyTo(target: EntryRun, from: number, to: number): void {
    target.replaceWith(this.entries.slice(from, to), this.heads.slice(from, to), this.prefixLength)
  }

  private isBefore(
    entry: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    version: number,
  ): boolean {
    const { arena, prefixLength } = this
    const keyStart = keyStartOf(entry)
    const keyEnd = keyStart + keyLengthOf(arena.words, entry)
    const order = compareRanges(
      arena.bytes,
      keyStart + prefixLength,
      keyEnd,
      bytes,
      start + prefixLength,
      end,
    )
    return order < 0 || (order === 0 && entry > version)
  }

  private sharePrefixWith(start: number, end: number): void {
    if (this.count === 0) {
      this.prefixLength = end - start
      return
    }
    const { arena, prefixLength } = this
    const first = this.entries[0]
    const limit = Math.min(start + prefixLength, end)
    const shared = sharedKeyLength(arena, first, arena.bytes, start, limit, 0)
    if (shared === prefixLength) return
    this.prefixLength = shared
    this.computeHeads()
  }

  /** The common prefix of the first and the last key, which all keys between them share. */
  private widestPrefix(): number {
    const { arena, entries } = this
    const last = entries[this.count - 1]
    const start = keyStartOf(last)
    const length = keyLengthOf(arena.words, last)
    return sharedKeyLength(arena, entries[0], arena.bytes, start, start + length, 0)
  }

  private computeHeads(): void {
    const { arena, entries, heads, prefixLength } = this
    for (let i = 0; i < this.count; i++) heads[i] = entryHead(arena, entries[i], prefixLength)
  }

  private grow(): void {
    const { entries, heads } = this
    const capacity = Math.max(minGrownEntries, entries.length * 2)
    this.entries = new Uint32Array(capacity)
    this.entries.set(entries)
    this.heads = new Float64Array(capacity)
    this.heads.set(heads)
  }
}
