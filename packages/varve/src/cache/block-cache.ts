import { assert } from '../base/assert.js'

/** The cached blocks of one table by their index in it; undefined where a block is not cached. */
export type CacheSlots<V> = (CacheEntry<V> | undefined)[]

/** A cached value, and its place in the order of use. For the cache only. */
class CacheEntry<V> {
  /** Towards the more recently used; the ends of the list are joined by the cache's own entry. */
  newer: CacheEntry<V> = this
  older: CacheEntry<V> = this
  /** The cache's `insertedBytes` when the entry last became the newest. */
  linkedAt = 0

  constructor(
    readonly value: V,
    readonly sizeBytes: number,
    readonly slots: CacheSlots<V>,
    readonly index: number,
  ) {}
}

/**
 * Keeps the most recently used values as long as their bytes fit. An entry lies in a slot that its
 * table owns, so that a hit is one array access, without a key to hash:
 *
 *     table 7: slots [ · e1 · ]      newest → e3 ⇄ e1 ⇄ e2 ← oldest, evicted next
 *     table 9: slots [ e3 · e2 ]
 *
 * Owned by: the database, for all of its tables. Lives: as long as it.
 * Invariants:
 * 1. `slots[i]` holds an entry exactly while that entry is in the list.
 * 2. `usedBytes` is the sum of the sizes in the list, and at most the capacity.
 * 3. A table that goes calls `drop`, or its slots would live on in the list.
 *
 * Relinking touches three more entries, each a cache miss of the processor. So a hit relinks only when
 * a quarter of the capacity has been inserted since the entry was last the newest: the order of use
 * is off by a quarter at most, and in a cache that holds everything nothing ever moves.
 *
 * A value that was handed out stays valid when it is evicted; the cache only forgets it.
 */
export class BlockCache<V> {
  usedBytes = 0
  hits = 0
  misses = 0
  private insertedBytes = 0

  /** No entry, but what joins the list into a ring: the newest is its `older`, the oldest its `newer`. */
  private readonly ends = new CacheEntry<V>(undefined as V, 0, [], 0)

  /** With a capacity of 0 it keeps nothing. */
  constructor(private capacity: number) {
    assert(capacity >= 0, 'a cache of negative capacity')
  }

  get capacityBytes(): number {
    return this.capacity
  }

  /** Evicts what no longer fits. */
  setCapacity(capacityBytes: number): void {
    assert(capacityBytes >= 0, 'a cache of negative capacity')
    this.capacity = capacityBytes
    this.makeRoom(0)
  }

  get(slots: CacheSlots<V>, index: number): V | undefined {
    const entry = slots[index]
    if (entry === undefined) {
      this.misses++
      return undefined
    }
    this.hits++
    if (this.insertedBytes - entry.linkedAt > this.capacity / 4) {
      unlink(entry)
      this.linkAsNewest(entry)
    }
    return entry.value
  }

  /** Replaces what is in the slot. A value larger than the capacity is not kept. */
  insert(slots: CacheSlots<V>, index: number, value: V, sizeBytes: number): void {
    assert(sizeBytes > 0, 'a cached value without a size')
    const previous = slots[index]
    if (previous !== undefined) this.remove(previous)
    if (sizeBytes > this.capacity) return
    this.makeRoom(sizeBytes)
    const entry = new CacheEntry(value, sizeBytes, slots, index)
    slots[index] = entry
    this.insertedBytes += sizeBytes
    this.linkAsNewest(entry)
    this.usedBytes += sizeBytes
  }

  /** Forgets every entry of a table. */
  drop(slots: CacheSlots<V>): void {
    for (const entry of slots) if (entry !== undefined) this.remove(entry)
  }

  private makeRoom(sizeBytes: number): void {
    while (this.usedBytes + sizeBytes > this.capacity) this.remove(this.ends.newer)
  }

  private remove(entry: CacheEntry<V>): void {
    unlink(entry)
    entry.slots[entry.index] = undefined
    this.usedBytes -= entry.sizeBytes
  }

  private linkAsNewest(entry: CacheEntry<V>): void {
    const { ends } = this
    const second = ends.older
    entry.linkedAt = this.insertedBytes
    entry.newer = ends
    entry.older = second
    second.newer = entry
    ends.older = entry
  }
}

function unlink<V>(entry: CacheEntry<V>): void {
  entry.newer.older = entry.older
  entry.older.newer = entry.newer
}
