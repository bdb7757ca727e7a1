import type { SnapshotList } from '../read/snapshot-list.js'
import type { TrackedTransaction } from '../write/conflict-index.js'
import { PendingWrites, type PendingWritesHost } from './pending-writes.js'
import { ReadSet } from './read-set.js'
import { conflictError, tooOld } from './transaction-errors.js'

export interface TransactionHost extends PendingWritesHost {
  readonly snapshots: SnapshotList
}

/**
 * A transaction between its beginning and its end: a snapshot, the keys and ranges read from it,
 * and the writes to commit.
 *
 * Serializable by optimistic concurrency control, validated backward (Kung and Robinson, "On
 * Optimistic Methods for Concurrency Control", 1981): a commit is refused if anything that the
 * transaction has read was written after its snapshot. The result is therefore the same as if it
 * had run at the moment of its commit. A transaction without writes is equivalent to one at its
 * snapshot, and is never refused.
 *
 * Owned by: the Transaction that the user holds. Lives: until commit or rollback.
 */
export class OpenTransaction extends PendingWrites implements TrackedTransaction {
  readonly sequence: number
  readonly reads: ReadSet

  constructor(private readonly transactionHost: TransactionHost) {
    super(transactionHost, 'this transaction')
    const { pipeline, snapshots } = transactionHost
    this.reads = new ReadSet(this.spareBytes)
    this.sequence = pipeline.visibleSequence
    snapshots.add(this.sequence)
    pipeline.beginTransaction(this)
  }

  override get memoryBytes(): number {
    return super.memoryBytes + this.reads.memoryBytes
  }

  /** Throws CONFLICT if something that was read was written after the snapshot. */
  protected override validate(): void {
    const { conflicts } = this.transactionHost.pipeline
    try {
      if (conflicts.floor > this.sequence) throw tooOld()
      const conflict = this.reads.conflictIn(conflicts, this.sequence)
      if (conflict === undefined) return
      throw conflictError(conflict, this.coreOf(conflict.write.keyspace))
    } catch (error) {
      conflicts.refusals++
      throw error
    }
  }

  protected override noteCommit(): void {
    this.transactionHost.pipeline.conflicts.commits++
  }

  protected override release(): void {
    const { pipeline, snapshots } = this.transactionHost
    pipeline.conflicts.end(this)
    snapshots.remove(this.sequence)
  }
}
