import { assert } from '../base/assert.js'
import type { MemTable } from '../memtable/memtable.js'
import type { Version } from '../version/version.js'

/**
 * All places where an entry of the tree can be, at one moment: what a reader pins so that nothing is
 * taken from under it.
 *
 * Owned by: the Tree (the current one) and everyone who retained it. Immutable but for its count.
 */
export class ReadState {
  private references = 1

  constructor(
    readonly memtable: MemTable,
    /** Sealed memtables, newest first. */
    readonly immutables: readonly MemTable[],
    readonly version: Version,
    private readonly onDead: (state: ReadState) => void,
  ) {
    version.retain()
  }

  retain(): this {
    assert(this.references > 0, 'a dead read state is not retained')
    this.references++
    return this
  }

  release(): void {
    assert(this.references > 0, 'a read state is not released more often than retained')
    if (--this.references > 0) return
    this.version.release()
    this.onDead(this)
  }
}
