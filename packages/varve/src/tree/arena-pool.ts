import { MemTableArena } from '../memtable/memtable-arena.js'

/** Sealed memtables that may wait for their flush before writes wait too. */
export const maxSealedMemtables = 2

/**
 * Arenas of flushed memtables, for the next ones. Fresh memory costs a page fault per 4 KiB, and
 * released shared memory is returned only when every thread that saw it has collected its garbage.
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

  /** Has an arena ready; false when there was one. */
  prepare(): boolean {
    if (this.spare.length > 0) return false
    const arena = new MemTableArena(this.capacityBytes)
    arena.touchBuckets()
    this.spare.push(arena)
    return true
  }

  /** An arena of full size, or larger if `neededBytes` are more. */
  take(neededBytes: number): MemTableArena {
    const spare = neededBytes <= this.capacityBytes ? this.spare.pop() : undefined
    return spare ?? new MemTableArena(Math.max(this.capacityBytes, neededBytes))
  }

  /** Whether an arena of that size is worth keeping. */
  wants(capacityBytes: number): boolean {
    return capacityBytes === this.capacityBytes && this.spare.length < maxSealedMemtables
  }

  give(arena: MemTableArena): void {
    this.spare.push(arena)
  }
}
