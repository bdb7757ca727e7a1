import { assert } from '../base/assert.js'
import { asBuffer, copyBytes, copyInto, emptyBytes } from '../base/bytes/bytes.js'
import { hashBytes } from '../base/bytes/hash.js'
import type { InternalIterator } from '../entry/internal-iterator.js'
import { maxSequence } from '../key/limits.js'
import type { PointLookup } from '../entry/point-lookup.js'
import { isVisible } from '../entry/visibility.js'
import type { RangeTombstones } from '../key/range-tombstone.js'
import { ValueKind } from '../key/value-kind.js'
import {
  EntryWord,
  entryAfter,
  entryBytes,
  firstEntry,
  keyStartOf,
  kindOf,
  noEntry,
  sequenceOf,
  unboundedFlag,
  valueLengthOf,
} from './entry.js'
import { GrowingTombstones } from './growing-tombstones.js'
import { HashIndex } from './hash-index.js'
import { MemTableArena } from './memtable-arena.js'
import { MemTableIterator } from './memtable-iterator.js'
import { OrderedIndex } from './ordered-index.js'
import { UnsortedEntries } from './unsorted-entries.js'
import type { SealedMemTable } from './sealed-memtable.js'

export interface MemTableOptions {
  /**
   * Maintains a coarse order from the first insert on, so that even the first scan needs no pass
   * over all entries. Set it if the previous memtable `wasScanned`. Inserts then cost about a third
   * more.
   */
  readonly ordered?: boolean
}

/** Arena bytes that an operation may take beyond its bytes in the log. */
const arenaBytesPerOperation = entryBytes(0, 0) + 4

/** Upper bound of the arena bytes for operations that take `payloadBytes` in the log. */
export function memTableBytes(payloadBytes: number, operations: number): number {
  return payloadBytes + operations * arenaBytesPerOperation
}

/**
 * The table in memory that takes all writes. It holds many versions of each key, finds them by
 * hash, and sorts them only for a scan or the flush.
 *
 * Owned by: a Tree. Lives: from the rotation that created it until its flush is durable and its
 * last reader has closed. Then another memtable reuses its arena.
 * Invariants:
 * 1. Sequences ascend from insert to insert.
 * 2. Entries are never changed or moved, so a reader stays valid across inserts, and another thread
 *    may read a sealed table.
 */
export class MemTable {
  entryCount = 0
  deleteCount = 0
  rangeDeleteCount = 0
  /** Highest sequence, range deletes included; 0 while empty. */
  maxSequence = 0
  /** True also at the start of the constructor, see there. */
  isSealed = true
  /** Whether a scan has used the order. */
  wasScanned = false

  private readonly memory: MemTableArena
  private readonly words: Uint32Array
  private readonly index: HashIndex
  private ordered: OrderedIndex | undefined
  private end = firstEntry
  private lastRangeDelete = noEntry
  private readonly tombstones = new GrowingTombstones()
  private openIterators = 0
  private readonly onIteratorClose = (): void => void this.openIterators--

  /** Takes a recycled arena, or the capacity of a fresh one in bytes of entries. */
  constructor(arenaOrCapacityBytes: MemTableArena | number, options: MemTableOptions = {}) {
    this.memory =
      typeof arenaOrCapacityBytes === 'number'
        ? new MemTableArena(arenaOrCapacityBytes)
        : arenaOrCapacityBytes
    this.words = this.memory.words
    this.index = new HashIndex(this.memory)
    if (options.ordered === true) this.ordered = new OrderedIndex(this.memory)
    // V8 optimizes inserts for the values that these fields have had, and deoptimizes at others: at
    // the first sequence stored as a double and at the first seal. So set both kinds of values
    // here.
    this.maxSequence = maxSequence
    this.maxSequence = 0
    this.isSealed = false
  }

  /**
   * A memtable with the same entries in an arena of its own, to go on writing. Readers keep this
   * one, which takes no more writes. Requires: the arena is fresh and larger.
   */
  grownInto(arena: MemTableArena): MemTable {
    const copy = new MemTable(arena, { ordered: this.wasScanned })
    copy.takeEntries(this)
    this.isSealed = true
    return copy
  }

  /** Exact bytes of one entry. The value of a range delete is its end. */
  static entryBytes(keyLength: number, valueLength: number): number {
    return entryBytes(keyLength, valueLength)
  }

  get isEmpty(): boolean {
    return this.end === firstEntry
  }

  /** Lowest sequence, range deletes included; 0 while empty. */
  get minSequence(): number {
    return this.isEmpty ? 0 : sequenceOf(this.words, firstEntry)
  }

  get capacityBytes(): number {
    return this.memory.capacityBytes
  }

  /** The sum of `entryBytes` over all inserted entries. */
  get usedBytes(): number {
    return (this.end - firstEntry) * 4
  }

  /** Memory in use: touched pages of the arena, and the indexes. */
  get memoryBytes(): number {
    return this.memory.committedBytes(this.usedBytes) + (this.ordered?.memoryBytes ?? 0)
  }

  hasRoom(bytes: number): boolean {
    return this.usedBytes + bytes <= this.capacityBytes
  }

  /**
   * Copies the bytes. Requires: space for `entryBytes`; `sequence` above all before; not sealed.
   */
  insert(
    sequence: number,
    kind: number,
    keyBytes: Buffer,
    keyStart: number,
    keyEnd: number,
    valueBytes: Buffer,
    valueStart: number,
    valueEnd: number,
  ): void {
    const entry = this.append(sequence, kind, keyEnd - keyStart, valueEnd - valueStart)
    const bytes = this.memory.bytes
    const target = keyStartOf(entry)
    copyInto(bytes, target, keyBytes, keyStart, keyEnd)
    copyInto(bytes, target + keyEnd - keyStart, valueBytes, valueStart, valueEnd)
    this.words[entry + EntryWord.hash] = hashBytes(keyBytes, keyStart, keyEnd)
    this.index.add(entry)
    this.entryCount++
    if (kind === ValueKind.delete) this.deleteCount++
    if (this.ordered !== undefined) this.ordered.add(entry)
  }

  /** Deletes all keys k with start ≤ k < end; null means no upper bound. */
  insertRangeDelete(sequence: number, start: Uint8Array, end: Uint8Array | null): void {
    const endBytes = end === null ? emptyBytes : asBuffer(end)
    const entry = this.append(sequence, ValueKind.rangeDelete, start.length, endBytes.length)
    const target = keyStartOf(entry)
    copyInto(this.memory.bytes, target, asBuffer(start), 0, start.length)
    copyInto(this.memory.bytes, target + start.length, endBytes, 0, endBytes.length)
    if (end === null) this.words[entry + EntryWord.kindAndSequenceHigh] |= unboundedFlag
    this.words[entry + EntryWord.next] = this.lastRangeDelete
    this.lastRangeDelete = entry
    this.rangeDeleteCount++
    this.tombstones.add({ start: copyBytes(start), end: end && copyBytes(end), sequence })
  }

  /**
   * Passes the newest visible version to `lookup.found`, if there is one. The caller checks range
   * deletes separately. The value is a view, valid until the arena is released.
   */
  get(lookup: PointLookup): void {
    const words = this.words
    let entry = this.index.newest(lookup.hash, lookup.key, lookup.keyLength)
    while (entry !== noEntry) {
      const sequence = sequenceOf(words, entry)
      if (isVisible(sequence, lookup.visibleSequence)) {
        const valueStart = keyStartOf(entry) + lookup.keyLength
        const valueEnd = valueStart + valueLengthOf(words, entry)
        lookup.found(kindOf(words, entry), sequence, this.memory.bytes, valueStart, valueEnd)
        return
      }
      entry = words[entry + EntryWord.older]
    }
  }

  /** Immutable; outlives the memtable. */
  rangeTombstones(): RangeTombstones {
    return this.tombstones.toFragments()
  }

  /** Highest sequence of a visible range delete over the lookup's key, or 0. */
  coveringSequence(lookup: PointLookup): number {
    if (this.rangeDeleteCount === 0) return 0
    const { key, keyLength, visibleSequence } = lookup
    return this.tombstones.coveringSequence(key, 0, keyLength, visibleSequence)
  }

  /** All versions of all keys. Inserts do not invalidate it. Must be closed. */
  iterator(): InternalIterator {
    this.wasScanned = true
    this.ordered ??= new OrderedIndex(
      this.memory,
      UnsortedEntries.ofArena(this.memory, this.usedBytes, this.entryCount),
    )
    this.openIterators++
    return new MemTableIterator(this.memory, this.ordered, this.onIteratorClose)
  }

  /** Rejects further writes, and describes the table for `openSealedMemTable`. */
  seal(): SealedMemTable {
    this.isSealed = true
    return {
      buffer: this.memory.buffer,
      usedBytes: this.usedBytes,
      entryCount: this.entryCount,
      deleteCount: this.deleteCount,
      rangeDeleteCount: this.rangeDeleteCount,
      lastRangeDelete: this.lastRangeDelete,
      minSequence: this.minSequence,
      maxSequence: this.maxSequence,
    }
  }

  /**
   * Releases the arena for another memtable. Requires: no open iterator, no value of this memtable
   * in use, and no reader on another thread. Do not use this memtable afterwards.
   */
  releaseArena(): MemTableArena {
    assert(this.openIterators === 0, `${this.openIterators} iterators still use the arena`)
    this.isSealed = true
    this.memory.recycle(this.usedBytes)
    return this.memory
  }

  private takeEntries(from: MemTable): void {
    const { words } = this
    words.set(from.words.subarray(0, from.end))
    this.end = from.end
    for (let entry = firstEntry; entry < this.end; entry = entryAfter(words, entry)) {
      if (kindOf(words, entry) === ValueKind.rangeDelete) continue
      this.index.add(entry)
      if (this.ordered !== undefined) this.ordered.add(entry)
    }
    this.tombstones.takeAll(from.tombstones)
    this.lastRangeDelete = from.lastRangeDelete
    this.entryCount = from.entryCount
    this.deleteCount = from.deleteCount
    this.rangeDeleteCount = from.rangeDeleteCount
    this.maxSequence = from.maxSequence
  }

  private append(sequence: number, kind: number, keyLength: number, valueLength: number): number {
    const bytes = entryBytes(keyLength, valueLength)
    assert(!this.isSealed, 'insert into a sealed memtable')
    assert(this.hasRoom(bytes), 'insert into a full memtable')
    assert(sequence > this.maxSequence && sequence <= maxSequence, 'sequences ascend')
    const { words, end: entry } = this
    words[entry + EntryWord.sequenceLow] = sequence % 0x100000000
    words[entry + EntryWord.kindAndSequenceHigh] = (kind << 24) | Math.floor(sequence / 0x100000000)
    words[entry + EntryWord.keyLength] = keyLength
    words[entry + EntryWord.valueLength] = valueLength
    this.maxSequence = sequence
    this.end = entry + bytes / 4
    return entry
  }
}
