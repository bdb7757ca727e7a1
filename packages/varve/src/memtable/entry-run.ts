import type { ArenaView } from './memtable-arena.js'
import { keyLengthOf, keyStartOf } from './entry.js'
import { keyHead, sharedKeyLength } from './key-order.js'
import { compareRanges } from '../base/bytes.js'

/** As `version` of a search: the place before every version of the key. */
export const newestVersion = 0xffffffff

/** A prefix that is this much longer makes new heads worth a visit to every key. */
const worthwhileBytes = 3

const bytesPerSlot = 12

/**
 * Entries in order: user key ascending, newest version first. Beside each stands the head of its
 * key, the six bytes behind the prefix that all keys of the run share, as a number: a search reads
 * numbers that lie side by side, and goes to the arena, a cache miss each, only where heads are
 * equal.
 *
 * Owned by: an OrderedIndex, as leaf or as directory.
 * Invariant: every key of the run starts with the first `prefixLength` bytes of any of them, and
 * `heads` are taken from behind those.
 */
export class EntryRun {
  count = 0
  entries: Uint32Array
  private heads: Float64Array
  private prefixLength = 0

  constructor(
    private readonly arena: ArenaView,
    capacity: number,
  ) {
    this.entries = new Uint32Array(capacity)
    this.heads = new Float64Array(capacity)
  }

  get memoryBytes(): number {
    return this.entries.length * bytesPerSlot
  }

  /**
   * Position of the first entry that does not lie before (the key `bytes[start, end)`, `version`):
   * entries of the same key lie before it when they are newer than `version`, an entry's name.
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
    const head = keyHead(bytes, start + shared, end)
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
    heads[position] = keyHead(arena.bytes, start + this.prefixLength, end)
    this.count++
  }

  /** Requires: empty; `sorted[from, to)` fits. */
  fill(sorted: Uint32Array, from: number, to: number): void {
    this.entries.set(sorted.subarray(from, to))
    this.count = to - from
    this.prefixLength = this.widestPrefix()
    this.computeHeads()
  }

  /** Moves the entries from `position` on to `target`. Requires: `target` is empty and as large. */
  moveTail(position: number, target: EntryRun): void {
    target.entries.set(this.entries.subarray(position, this.count))
    target.heads.set(this.heads.subarray(position, this.count))
    target.count = this.count - position
    target.prefixLength = this.prefixLength
    this.count = position
    this.refine()
    target.refine()
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

  /** After a split the keys are closer to each other: their heads can start further behind. */
  private refine(): void {
    const prefixLength = this.widestPrefix()
    if (prefixLength < this.prefixLength + worthwhileBytes) return
    this.prefixLength = prefixLength
    this.computeHeads()
  }

  /** What the first and the last key share, all keys between them share. */
  private widestPrefix(): number {
    const { arena, entries } = this
    const last = entries[this.count - 1]
    const start = keyStartOf(last)
    const length = keyLengthOf(arena.words, last)
    return sharedKeyLength(arena, entries[0], arena.bytes, start, start + length, 0)
  }

  private computeHeads(): void {
    const { arena, entries, heads, prefixLength } = this
    for (let i = 0; i < this.count; i++) {
      const start = keyStartOf(entries[i])
      const end = start + keyLengthOf(arena.words, entries[i])
      heads[i] = keyHead(arena.bytes, start + prefixLength, end)
    }
  }

  private grow(): void {
    const { entries, heads } = this
    this.entries = new Uint32Array(entries.length * 2)
    this.entries.set(entries)
    this.heads = new Float64Array(heads.length * 2)
    this.heads.set(heads)
  }
}
