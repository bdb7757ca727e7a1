import { noStallThresholds } from '../../compaction/pickers/compaction-options.js'
import type { TreeRegistry } from '../../tree/tree-registry.js'
import type { MemtableBudget } from './memtable-budget.js'
import type { PressingTree } from './write-stalls.js'

/**
 * The memtables of all keyspaces, as if they were those of one tree. It reads their current state,
 * because a blocked write asks again after each flush.
 *
 * Owned by: the Rotation.
 */
export class SharedBacklog implements PressingTree {
  readonly level0Count = 0
  readonly mergedLevel0 = 0
  readonly debtBytes = 0
  readonly stallThresholds = noStallThresholds

  constructor(
    private readonly trees: TreeRegistry,
    private readonly budget: MemtableBudget,
    private readonly memtableBytes: number,
  ) {}

  /**
   * Leaves out a tree that is being dropped: its memtables are not flushed, so waiting is useless.
   */
  get sealedCount(): number {
    const { main, sealed } = this.trees
    let sealedBytes = main.sealedBytes
    for (const tree of sealed) if (!tree.isDropped) sealedBytes += tree.sealedBytes
    return Math.floor(sealedBytes / this.memtableBytes)
  }

  get activeFill(): number {
    return (this.trees.main.activeBytes + this.budget.totalBytes) / this.memtableBytes
  }
}
