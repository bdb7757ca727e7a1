import { closedError } from '../../base/errors.js'
import { BatchReader } from '../../batch/batch-reader.js'
import { WriteBatch } from '../../batch/write-batch.js'
import type { ReadCore } from '../read/read-core.js'
import type { CommitPipeline } from '../write/commit-pipeline.js'
import { IndexedBatch, pendingWrite } from './indexed-batch.js'
import type { ReadSet } from './read-set.js'
import { Savepoint } from './savepoint.js'
import { savepointGone, tooLarge } from './transaction-errors.js'

export interface PendingWritesHost {
  readonly pipeline: CommitPipeline
  readonly maxTransactionBytes: number
  /** Throws CLOSED once the database is closed. */
  assertOpen(): void
}

/** Initial size of the buffer for the operations of one call. */
const scratchBytes = 256
/** Approximate memory of a savepoint. */
const bytesPerSavepoint = 200

/** For each keyspace that had writes, a state to go back to. */
type Positions = ReadonlyMap<IndexedBatch, number>

/** The writes to one keyspace. */
interface Part {
  readonly batch: IndexedBatch
  /** Of the first view that was used. */
  readonly core: ReadCore
}

/**
 * Writes to any keyspaces that are collected, can be read and taken back, and are then committed
 * together.
 *
 * Owned by: the transaction or batch that the user holds. Lives: until commit or rollback.
 */
export abstract class PendingWrites {
  /** The keys and ranges read from the database; undefined if the commit does not check them. */
  abstract readonly reads: ReadSet | undefined
  /** By keyspace. */
  private readonly parts = new Map<number, Part>()
  /** Encodings write here. Empty between two calls. */
  private readonly scratch = new WriteBatch(0, scratchBytes)
  private readonly reader = new BatchReader()
  private state: 'open' | 'committing' | 'ended' = 'open'
  private wantsSync = false
  /** Those not undone, the newest last. */
  private savepoints: { readonly savepoint: Savepoint; readonly positions: Positions }[] = []

  protected constructor(
    private readonly host: PendingWritesHost,
    /** As messages name it. */
    private readonly what: string,
  ) {}

  /** Reads of the database see the writes up to this one. */
  abstract get sequence(): number

  get isOpen(): boolean {
    return this.state === 'open'
  }

  get memoryBytes(): number {
    let bytes = this.savepoints.length * bytesPerSavepoint
    for (const { batch } of this.parts.values()) bytes += batch.memoryBytes
    return bytes
  }

  /** Throws CLOSED after its end. */
  assertOpen(): void {
    this.host.assertOpen()
    if (this.state !== 'open') throw closedError(this.what)
  }

  /** The writes to the keyspace of `core`. */
  batchOf(core: ReadCore): IndexedBatch {
    let part = this.parts.get(core.keyspace)
    if (part === undefined) {
      part = { batch: new IndexedBatch(core.keyspace, this.spareBytes), core }
      if (this.savepoints.length > 0) part.batch.savepoint()
      this.parts.set(core.keyspace, part)
    }
    return part.batch
  }

  /**
   * Takes the operations that `add` puts into a batch: all or none. Requires: `batchOf` was called
   * for their keyspaces.
   */
  write(add: (batch: WriteBatch) => void): void {
    const { scratch, reader } = this
    add(scratch)
    const before = scratch.count > 1 ? this.positions() : undefined
    try {
      scratch.seal(0)
      reader.open(scratch.buffer, scratch.headroomBytes, scratch.length)
      while (reader.next()) this.parts.get(reader.keyspace)!.batch.write(pendingWrite(reader))
    } catch (error) {
      if (before !== undefined) this.goBackTo(before)
      throw error
    } finally {
      scratch.clear()
      if (before !== undefined && this.savepoints.length === 0) this.forgetPositions()
    }
  }

  /** The commit will be synced. */
  requireSync(): void {
    this.wantsSync = true
  }

  savepoint(): Savepoint {
    this.assertOpen()
    if (bytesPerSavepoint > this.spareBytes()) throw tooLarge()
    const savepoint = new Savepoint((given) => this.rollbackTo(given))
    this.savepoints.push({ savepoint, positions: this.positions() })
    return savepoint
  }

  /** Undoes the writes since the savepoint, which stays. Later savepoints are gone. */
  rollbackTo(savepoint: Savepoint): void {
    this.assertOpen()
    const index = this.savepoints.findLastIndex((one) => one.savepoint === savepoint)
    if (index < 0) throw savepointGone()
    this.goBackTo(this.savepoints[index].positions)
    this.savepoints.length = index + 1
  }

  /** Rejects with whatever a write may fail with. It has ended in any case. */
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

  /** Does nothing after its end. */
  rollback(): void {
    if (this.state === 'open') this.end()
  }

  protected readonly spareBytes = (): number => this.host.maxTransactionBytes - this.memoryBytes

  /** The keyspace, if something was read of it or written to it. */
  protected coreOf(keyspace: number): ReadCore | undefined {
    return this.parts.get(keyspace)?.core
  }

  /** Throws to refuse the commit. Every earlier write is in the conflict index. */
  protected abstract validate(): void

  /** The writes are part of a group. */
  protected abstract noteCommit(): void

  /** Called once. */
  protected abstract release(): void

  private positions(): Positions {
    const positions = new Map<IndexedBatch, number>()
    for (const { batch } of this.parts.values()) positions.set(batch, batch.savepoint())
    return positions
  }

  private goBackTo(positions: Positions): void {
    for (const { batch } of this.parts.values()) batch.rollbackTo(positions.get(batch) ?? 0)
  }

  private forgetPositions(): void {
    for (const { batch } of this.parts.values()) batch.forgetSavepoints()
  }

  private get isReadOnly(): boolean {
    for (const { batch } of this.parts.values()) if (!batch.isEmpty) return false
    return true
  }

  private join(batch: WriteBatch): void {
    // A keyspace may have been dropped meanwhile.
    for (const { core } of this.parts.values()) core.assertOpen()
    this.validate()
    for (const part of this.parts.values()) part.batch.writeTo(batch)
    this.noteCommit()
  }

  private end(): void {
    if (this.state === 'ended') return
    this.state = 'ended'
    this.release()
  }
}
