import { MemTableArena } from '../memtable/memtable-arena.js'

/** The most sealed memtables that may wait to be flushed before writes wait, too. */
export const maxSealedMemtables = 2

/**
 * Keeps the arenas of flushed memtables for new ones. Fresh memory costs a page fault per 4 KiB,
 * and shared memory is freed only when the garbage collectors of all threads that saw it have run.
 *
 * Owned by: the trees of a database, which share it.
 */
export class ArenaPool {
  private readonly spare: MemTableArena[] = []

  /** `capacityBytes`: the full size of a memtable. Arenas of other sizes are not kept. */
  constructor(readonly capacityBytes: number) {}

  get memoryBytes(): number {
    let bytes = 0
    for (const arena of this.spare) bytes += arena.committedBytes(0)
    return bytes
  }

  /** Makes an arena ready. Returns false if there was one already. */
  prepare(): boolean {
    if (this.spare.length > 0) return false
    const arena = new MemTableArena(this.capacityBytes)
    arena.touchBuckets()
    this.spare.push(arena)
    return true
  }

  /** Returns an arena of full size, or a larger one if `neededBytes` requires it. */
  take(neededBytes: number): MemTableArena {
    const spare = neededBytes <= this.capacityBytes ? this.spare.pop() : undefined
    return spare ?? new MemTableArena(Math.max(this.capacityBytes, neededBytes))
  }

  /** Whether an arena of this size is worth keeping. */
  wants(capacityBytes: number): boolean {
    return capacityBytes === this.capacityBytes && this.spare.length < maxSealedMemtables
  }

  give(arena: MemTableArena): void {
    this.spare.push(arena)
  }
}
