import { MemTable } from '../memtable/memtable.js'
import { MemTableArena } from '../memtable/memtable-arena.js'
import { type ArenaPool, maxSealedMemtables } from './arena-pool.js'

/** The first arena of a tree that starts small. Each step of growth multiplies it. */
const firstArenaBytes = 4 * 1024
const growthFactor = 4
/** A copy of at most this many bytes blocks the thread for a few milliseconds. */
const maxCopiedBytes = 4 * 1024 * 1024

/** A memtable and the first log that holds any of its entries. */
export class MemTableSlot {
  /** Logs below this hold none of the memtable's entries. Set with its first entry. */
  firstLogNumber = 0
  isFlushing = false

  constructor(readonly memtable: MemTable) {}
}

/** The active memtable of a tree without unflushed writes. It has no room for entries. */
const noMemTable = new MemTable(MemTable.entryBytes(0, 0))

/**
 * The memtables of a tree: one that takes writes, and sealed ones that wait to be flushed.
 *
 * A database may have thousands of trees with a few entries each. A tree that starts small
 * therefore has no memtable before its first write, and then one of a few KiB. When that is full, a
 * larger copy replaces it. Readers keep the smaller one.
 *
 *     none ──▶ 4 KiB ──▶ 16 KiB ──▶ … ──▶ 4 MiB ──▶ full size ──▶ sealed
 *
 * Owned by: a Tree.
 *
 * Invariant: unless readers hold flushed memtables, no more arenas of full size are allocated than
 * the active and sealed memtables can use at the same time.
 */
export class MemTables {
  active: MemTableSlot
  /** Newest first. */
  sealed: MemTableSlot[] = []
  /** The number of read states that use each memtable. */
  private readonly users = new Map<MemTable, number>()

  constructor(
    private readonly arenas: ArenaPool,
    private readonly startsSmall = false,
  ) {
    this.active = startsSmall ? new MemTableSlot(noMemTable) : this.newSlot(0, false)
  }

  /** Excludes spare arenas. */
  get memoryBytes(): number {
    let bytes = 0
    for (const memtable of this.users.keys()) {
      if (memtable !== noMemTable) bytes += memtable.memoryBytes
    }
    return bytes
  }

  /**
   * Allocates memory for the next memtable. Returns false if that is not needed: once the most
   * memtables are sealed, the next one reuses the memory of a flushed one.
   */
  prepareRotation(): boolean {
    return this.sealed.length < maxSealedMemtables && this.arenas.prepare()
  }

  /** Whether `grow` can make room for `neededBytes` more. */
  canGrow(neededBytes: number): boolean {
    const { usedBytes, isEmpty } = this.active.memtable
    return isEmpty || usedBytes + neededBytes <= this.arenas.capacityBytes
  }

  /** Replaces the active memtable with a larger one that has room for `neededBytes` more. */
  grow(neededBytes: number): void {
    const { memtable, firstLogNumber } = this.active
    const totalBytes = memtable.usedBytes + neededBytes
    const slot = memtable.isEmpty
      ? this.newSlot(totalBytes, memtable.wasScanned)
      : new MemTableSlot(memtable.grownInto(this.arenaFor(totalBytes)))
    slot.firstLogNumber = firstLogNumber
    this.active = slot
  }

  /** Seals the active memtable, unless it is empty. The next one has space for `neededBytes`. */
  rotate(neededBytes: number): void {
    const { active } = this
    // Allocate first, because this may fail.
    const next = this.nextSlot(neededBytes)
    active.memtable.seal()
    if (!active.memtable.isEmpty) this.sealed = [active, ...this.sealed]
    this.active = next
  }

  /** The sealed memtable to flush next, unless one is being flushed. */
  oldestUnflushed(): MemTableSlot | undefined {
    const oldest = this.sealed.at(-1)
    return oldest === undefined || oldest.isFlushing ? undefined : oldest
  }

  get isFlushing(): boolean {
    return this.sealed.some((slot) => slot.isFlushing)
  }

  removeFlushed(slot: MemTableSlot): void {
    this.sealed = this.sealed.filter((other) => other !== slot)
  }

  /** The first log needed when `flushed` is in a table; undefined if none is. */
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
    if (this.arenas.wants(memtable.capacityBytes)) this.arenas.give(memtable.releaseArena())
  }

  /**
   * A tree that filled much of its memory will probably do so again; any other one starts small.
   */
  private nextSlot(neededBytes: number): MemTableSlot {
    const { memtable } = this.active
    if (!this.startsSmall || memtable.usedBytes > maxCopiedBytes) {
      return this.newSlot(Math.max(neededBytes, this.arenas.capacityBytes), memtable.wasScanned)
    }
    return neededBytes === 0
      ? new MemTableSlot(noMemTable)
      : this.newSlot(neededBytes, memtable.wasScanned)
  }

  private newSlot(neededBytes: number, ordered: boolean): MemTableSlot {
    return new MemTableSlot(new MemTable(this.arenaFor(neededBytes), { ordered }))
  }

  /** The smallest arena that holds `neededBytes`, in steps of growth. */
  private arenaFor(neededBytes: number): MemTableArena {
    const { capacityBytes } = this.arenas
    let bytes = this.startsSmall ? firstArenaBytes : capacityBytes
    while (bytes < neededBytes && bytes <= maxCopiedBytes) bytes *= growthFactor
    const isSmall = bytes <= maxCopiedBytes && bytes < capacityBytes
    return isSmall ? new MemTableArena(bytes) : this.arenas.take(neededBytes)
  }
}
