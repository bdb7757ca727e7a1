import { closedError } from '../../base/errors.js'
import { BatchReader } from '../../batch/batch-reader.js'
import { WriteBatch } from '../../batch/write-batch.js'
import type { ReadCore } from '../read/read-core.js'
import type { SnapshotList } from '../read/snapshot-list.js'
import type { CommitPipeline } from '../write/commit-pipeline.js'
import type { TrackedTransaction } from '../write/conflict-index.js'
import { IndexedBatch, pendingWrite } from './indexed-batch.js'
import { ReadSet } from './read-set.js'
import { conflictError, tooOld } from './transaction-errors.js'

export interface TransactionHost {
  readonly pipeline: CommitPipeline
  readonly snapshots: SnapshotList
  readonly maxTransactionBytes: number
  /** Throws CLOSED once the database is closed. */
  assertOpen(): void
}

/** Initial size of the buffer for the operations of one call. */
const scratchBytes = 256

/** The writes of a transaction to one keyspace. */
interface Part {
  readonly batch: IndexedBatch
  /** The core of the first view that the transaction used. */
  readonly core: ReadCore
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
export class OpenTransaction implements TrackedTransaction {
  readonly sequence: number
  readonly reads: ReadSet
  /** The writes by keyspace. */
  private readonly parts = new Map<number, Part>()
  /** Operations are encoded here. Empty between two calls. */
  private readonly scratch = new WriteBatch(0, scratchBytes)
  private readonly reader = new BatchReader()
  private state: 'open' | 'committing' | 'ended' = 'open'
  private wantsSync = false
  private hasSavepoint = false

  constructor(private readonly host: TransactionHost) {
    const { pipeline, snapshots } = host
    this.reads = new ReadSet(this.spareBytes)
    this.sequence = pipeline.visibleSequence
    snapshots.add(this.sequence)
    pipeline.beginTransaction(this)
  }

  get isOpen(): boolean {
    return this.state === 'open'
  }

  get memoryBytes(): number {
    let bytes = this.reads.memoryBytes
    for (const { batch } of this.parts.values()) bytes += batch.memoryBytes
    return bytes
  }

  /** Throws CLOSED after the transaction has ended. */
  assertOpen(): void {
    this.host.assertOpen()
    if (this.state !== 'open') throw closedError('this transaction')
  }

  /** The writes to the keyspace of `core`. */
  batchOf(core: ReadCore): IndexedBatch {
    let part = this.parts.get(core.keyspace)
    if (part === undefined) {
      part = { batch: new IndexedBatch(core.keyspace, this.spareBytes), core }
      if (this.hasSavepoint) part.batch.savepoint()
      this.parts.set(core.keyspace, part)
    }
    return part.batch
  }

  /**
   * Adds the operations that `add` puts into a batch, all or none. Requires: `batchOf` was called
   * for their keyspaces.
   */
  write(add: (batch: WriteBatch) => void): void {
    const { scratch, reader } = this
    add(scratch)
    const undo = scratch.count > 1 ? this.savepoint() : undefined
    try {
      scratch.seal(0)
      reader.open(scratch.buffer, scratch.headroomBytes, scratch.length)
      while (reader.next()) this.parts.get(reader.keyspace)!.batch.write(pendingWrite(reader))
    } catch (error) {
      undo?.()
      throw error
    } finally {
      scratch.clear()
    }
  }

  /** Makes the commit sync the log. */
  requireSync(): void {
    this.wantsSync = true
  }

  /** Returns a function that undoes all writes made after this call. */
  savepoint(): () => void {
    this.assertOpen()
    this.hasSavepoint = true
    const positions = new Map<IndexedBatch, number>()
    for (const { batch } of this.parts.values()) positions.set(batch, batch.savepoint())
    return () => {
      this.assertOpen()
      for (const { batch } of this.parts.values()) batch.rollbackTo(positions.get(batch) ?? 0)
    }
  }

  /** Rejects with CONFLICT and the errors of a write. Ends the transaction in any case. */
  async commit(sync: boolean): Promise<void> {
    this.assertOpen()
    if (this.isReadOnly) return this.end()
    this.state = 'committing'
    try {
      await new Promise<void>((succeed, fail) => {
        const join = (batch: WriteBatch): void => this.join(batch)
        const { pipeline } = this.host
        pipeline.submitLate({ sync: sync || this.wantsSync, join, succeed, fail })
      })
    } finally {
      this.end()
    }
  }

  /** Like `commit`, but synchronous. */
  commitSync(sync: boolean): void {
    this.assertOpen()
    if (this.isReadOnly) return this.end()
    this.state = 'committing'
    try {
      this.host.pipeline.commitLateBlocking(sync || this.wantsSync, (batch) => this.join(batch))
    } finally {
      this.end()
    }
  }

  /** Does nothing after the transaction has ended. */
  rollback(): void {
    if (this.state === 'open') this.end()
  }

  private get isReadOnly(): boolean {
    for (const { batch } of this.parts.values()) if (!batch.isEmpty) return false
    return true
  }

  private readonly spareBytes = (): number => this.host.maxTransactionBytes - this.memoryBytes

  /** Checks the reads for conflicts, then adds the writes to the group. */
  private join(batch: WriteBatch): void {
    const { conflicts } = this.host.pipeline
    // A keyspace may have been dropped meanwhile.
    for (const { core } of this.parts.values()) core.assertOpen()
    try {
      this.validate()
    } catch (error) {
      conflicts.refusals++
      throw error
    }
    for (const part of this.parts.values()) part.batch.writeTo(batch)
    conflicts.commits++
  }

  private validate(): void {
    const { conflicts } = this.host.pipeline
    if (conflicts.floor > this.sequence) throw tooOld()
    const conflict = this.reads.conflictIn(conflicts, this.sequence)
    if (conflict === undefined) return
    throw conflictError(conflict, this.parts.get(conflict.write.keyspace)?.core.keyEncoding)
  }

  private end(): void {
    if (this.state === 'ended') return
    this.state = 'ended'
    const { pipeline, snapshots } = this.host
    pipeline.conflicts.end(this)
    snapshots.remove(this.sequence)
  }
}
