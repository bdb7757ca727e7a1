import { MemTable } from '../memtable/memtable.js'
import { MemTableArena } from '../memtable/memtable-arena.js'

/** Sealed memtables that may wait for their flush before writes wait too. */
export const maxSealedMemtables = 2

/** A memtable and the first log that holds any of its entries. */
export class MemTableSlot {
  /** Logs below this hold none of the memtable's entries. Set with its first entry. */
  firstLogNumber = 0
  isFlushing = false

  constructor(readonly memtable: MemTable) {}
}

/**
 * The memtables of a tree: one that takes writes, and sealed ones that wait for their flush. Arenas
 * of flushed memtables are reused. Fresh memory costs a page fault per 4 KiB, and released shared
 * memory is returned only when every thread that saw it has collected its garbage.
 *
 * Owned by: a Tree.
 *
 * Invariant: unless readers hold flushed memtables, no more arenas are allocated than the active
 * and sealed memtables can use at the same time.
 */
export class MemTables {
  active: MemTableSlot
  /** Newest first. */
  sealed: MemTableSlot[] = []
  /** The number of read states that use each memtable. */
  private readonly users = new Map<MemTable, number>()
  private readonly spareArenas: MemTableArena[] = []

  constructor(private readonly capacityBytes: number) {
    this.active = this.newSlot(0, false)
  }

  get memoryBytes(): number {
    let bytes = 0
    for (const arena of this.spareArenas) bytes += arena.committedBytes(0)
    for (const memtable of this.users.keys()) bytes += memtable.memoryBytes
    return bytes
  }

  /**
   * Allocates memory for the next memtable; false when none is needed. When as many memtables are
   * sealed as allowed, the next one reuses the memory of a flushed one.
   */
  prepareRotation(): boolean {
    const isFull = this.sealed.length === maxSealedMemtables
    if (isFull || this.spareArenas.length > 0) return false
    const arena = new MemTableArena(this.capacityBytes)
    arena.touchBuckets()
    this.spareArenas.push(arena)
    return true
  }

  /** Seals the active memtable, unless it is empty. The next one has space for `neededBytes`. */
  rotate(neededBytes: number): void {
    const { active } = this
    // Allocate first, because this may fail.
    const next = this.newSlot(neededBytes, active.memtable.wasScanned)
    active.memtable.seal()
    if (!active.memtable.isEmpty) this.sealed = [active, ...this.sealed]
    this.active = next
  }

  /** The sealed memtable to flush next, unless one is being flushed. */
  oldestUnflushed(): MemTableSlot | undefined {
    const oldest = this.sealed.at(-1)
    return oldest === undefined || oldest.isFlushing ? undefined : oldest
  }

  removeFlushed(slot: MemTableSlot): void {
    this.sealed = this.sealed.filter((other) => other !== slot)
  }

  /** First log needed once `flushed` is in a table; undefined when none is. */
  firstLogWithout(flushed: MemTableSlot | undefined): number | undefined {
    const needed = [this.active, ...this.sealed].filter(
      (slot) => slot !== flushed && !slot.memtable.isEmpty,
    )
    return needed.length === 0 ? undefined : Math.min(...needed.map((slot) => slot.firstLogNumber))
  }

  retain(memtable: MemTable): void {
    this.users.set(memtable, (this.users.get(memtable) ?? 0) + 1)
  }

  release(memtable: MemTable): void {
    const users = this.users.get(memtable)! - 1
    if (users > 0) {
      this.users.set(memtable, users)
      return
    }
    this.users.delete(memtable)
    const isOfOneSize = memtable.capacityBytes === this.capacityBytes
    if (isOfOneSize && this.spareArenas.length < maxSealedMemtables) {
      this.spareArenas.push(memtable.releaseArena())
    }
  }

  private newSlot(neededBytes: number, ordered: boolean): MemTableSlot {
    const arena = neededBytes <= this.capacityBytes ? this.spareArenas.pop() : undefined
    const memory = arena ?? Math.max(this.capacityBytes, neededBytes)
    return new MemTableSlot(new MemTable(memory, { ordered }))
  }
}
