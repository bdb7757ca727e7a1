import { assert } from '../base/assert.js'
import type { MemTable } from '../memtable/memtable.js'
import type { Version } from '../version/version.js'

/**
 * All places that can hold an entry of the tree at one point in time. A reader pins them so that
 * none is freed during its read.
 *
 * Owned by: the Tree (the current one) and every reader that retained it. Immutable except for its
 * count.
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
    assert(this.references > 0, 'retain of a released read state')
    this.references++
    return this
  }

  release(): void {
    assert(this.references > 0, 'release of a released read state')
    if (--this.references > 0) return
    this.version.release()
    this.onDead(this)
  }
}
