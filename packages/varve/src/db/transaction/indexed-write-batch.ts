import { inspect, type InspectOptions } from 'node:util'
import type { WriteOptions } from '../api.js'
import type { KeyValueStore } from '../key-value-store.js'
import { inspected } from '../read/inspection.js'
import { syncOf } from '../write/write-options.js'
import type { Savepoint } from './savepoint.js'
import { TransactionStore } from './transaction.js'

/**
 * Writes that are collected, and can be read before they are committed together. Reads see them
 * over the newest state of the database. Unlike a transaction, it keeps no snapshot and checks
 * nothing at its commit: of two writes of one key the later commit wins.
 */
export class IndexedWriteBatch<K, V> extends TransactionStore<K, V> implements Disposable {
  /**
   * Another keyspace of the database, in this batch: it is committed with it.
   *
   * @throws INVALID_ARGUMENT if it is not of this database, CLOSED if it was dropped
   */
  keyspace<K2, V2>(keyspace: KeyValueStore<K2, V2>): TransactionStore<K2, V2> {
    return this.storeOf(keyspace)
  }

  /**
   * Commits all writes or none, and ends the batch in any case.
   *
   * @throws CLOSED, IO, ABORTED, POISONED, and INVALID_ARGUMENT if the writes are too many for one
   * commit (as rejections)
   */
  commit(options?: WriteOptions): Promise<void> {
    try {
      return this.pending.commit(syncOf(options))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** Like `commit`, but synchronous. */
  commitSync(options?: WriteOptions): void {
    this.pending.commitSync(syncOf(options))
  }

  /** Ends the batch without its writes. Does nothing after its end. */
  discard(): void {
    this.pending.rollback()
  }

  /** A state of the writes to which they can be taken back: see `Transaction.savepoint`. */
  savepoint(): Savepoint {
    return this.pending.savepoint()
  }

  /** Undoes all writes since the savepoint: see `Transaction.rollbackTo`. */
  rollbackTo(savepoint: Savepoint): void {
    this.pending.rollbackTo(savepoint)
  }

  /** Bytes of memory for its writes: at most `maxTransactionBytes`. */
  get memoryBytes(): number {
    return this.pending.memoryBytes
  }

  /** As `discard`, for `using`. */
  [Symbol.dispose](): void {
    this.discard()
  }

  /** What `console.log` shows. */
  [inspect.custom](depth: number, options: InspectOptions): string {
    const { isOpen, memoryBytes } = this.pending
    return inspected('IndexedWriteBatch', { isOpen, memoryBytes }, depth, options)
  }
}
