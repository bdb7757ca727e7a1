import { emptyBytes } from '../../base/bytes/bytes.js'
import type { PointLookup } from '../../entry/point-lookup.js'
import type { EntryWalk } from '../../iterator/entry-walk.js'
import { maxSequence } from '../../key/limits.js'
import { ValueKind } from '../../key/value-kind.js'
import type { ReadState } from '../../tree/read-state.js'
import type { Tree } from '../../tree/tree.js'
import type { WalkOptions } from '../../tree/tree-walks.js'
import type { ReadableTree } from '../read/read-core.js'
import type { IndexedBatch } from './indexed-batch.js'
import { OverlaidWalk } from './overlaid-walk.js'
import type { ReadSet } from './read-set.js'
import { WalkedRange } from './walked-range.js'

/**
 * A tree as a transaction or an indexed batch reads it: its own writes first, then the database.
 * Adds what is read of the database to the read set of a transaction.
 *
 * Owned by: a TransactionStore.
 */
export class TransactionTree implements ReadableTree {
  constructor(
    private readonly tree: Tree,
    private readonly batch: IndexedBatch,
    private readonly reads: ReadSet | undefined,
  ) {}

  get state(): ReadState {
    return this.tree.state
  }

  get(lookup: PointLookup, state: ReadState = this.tree.state): void {
    const { batch, reads } = this
    const { key, keyLength } = lookup
    const write = batch.find(key, keyLength)
    if (write !== undefined) {
      const { kind, valueBytes } = write
      lookup.found(kind, maxSequence, valueBytes, 0, valueBytes.length)
      return
    }
    if (batch.hasCleared(key, 0, keyLength)) {
      lookup.found(ValueKind.delete, maxSequence, emptyBytes, 0, 0)
      return
    }
    reads?.addKey(batch.keyspace, key.toString('latin1', 0, keyLength))
    this.tree.get(lookup, state)
  }

  walk(options: WalkOptions): EntryWalk {
    const { batch, reads, tree } = this
    const { range, reverse, nowMs } = options
    const base = tree.walk(options)
    const walked = reads && new WalkedRange(reads, batch.keyspace, base, range, reverse)
    return new OverlaidWalk(base, batch, range, reverse, nowMs, walked)
  }
}
