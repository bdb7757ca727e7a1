import { inspect, type InspectOptions } from 'node:util'
import { copyBytes } from '../../base/bytes/bytes.js'
import { isEmptyRange } from '../../key/key-range.js'
import type { BatchOperation, PutOptions, RangeOptions, WriteOptions } from '../api.js'
import type { KeyValueStore } from '../key-value-store.js'
import type { AnyStore, KeyspaceOperation } from '../keyspace-types.js'
import { inspected } from '../read/inspection.js'
import { checkedRange } from '../read/key-bounds.js'
import { Reader } from '../read/reader.js'
import type { OperationEncoder } from '../write/operation-encoder.js'
import { syncOf, syncOfPut } from '../write/write-options.js'
import type { IndexedBatch } from './indexed-batch.js'
import type { OpenTransaction } from './open-transaction.js'
import type { TransactionPart } from './transaction-part.js'
import { TransactionTree } from './transaction-tree.js'

/** A point in a transaction to which its writes can be rolled back. */
export interface Savepoint {
  /** Undoes all writes since the savepoint. Reads since then can still conflict. */
  rollback(): void
}

/**
 * One keyspace in a transaction. Reads see the snapshot and the transaction's own writes. Writes
 * take effect with the commit. They never wait; they return promises so that code for a `Database`
 * also works with a transaction.
 */
export class TransactionStore<K, V> extends Reader<K, V> implements KeyValueStore<K, V> {
  private readonly own: IndexedBatch
  private readonly operations: OperationEncoder

  /** Created by `begin` and `transaction` of a database. */
  constructor(
    protected readonly transaction: OpenTransaction,
    { core, operations }: TransactionPart,
    protected readonly partOf: (keyspace: AnyStore) => TransactionPart,
  ) {
    const own = transaction.batchOf(core)
    const { tree, trees } = core.current
    super({ ...core, current: { tree: new TransactionTree(tree, own, transaction.reads), trees } })
    this.own = own
    this.operations = operations
  }

  putSync(key: K, value: V, options?: PutOptions): void {
    this.transaction.assertOpen()
    this.requireSyncIf(syncOfPut(options))
    this.transaction.write((batch) => this.operations.put(batch, key, value, options?.ttlMs))
  }

  put(key: K, value: V, options?: PutOptions): Promise<void> {
    return done(() => this.putSync(key, value, options))
  }

  delSync(key: K, options?: WriteOptions): void {
    this.transaction.assertOpen()
    this.requireSyncIf(syncOf(options))
    this.transaction.write((batch) => this.operations.del(batch, key))
  }

  del(key: K, options?: WriteOptions): Promise<void> {
    return done(() => this.delSync(key, options))
  }

  batchSync(
    operations: readonly (BatchOperation<K, V> | KeyspaceOperation)[],
    options?: WriteOptions,
  ): void {
    this.transaction.assertOpen()
    this.requireSyncIf(syncOf(options))
    this.transaction.write((batch) => this.operations.all(batch, operations, this.encoderOf))
  }

  batch(
    operations: readonly (BatchOperation<K, V> | KeyspaceOperation)[],
    options?: WriteOptions,
  ): Promise<void> {
    return done(() => this.batchSync(operations, options))
  }

  /** Like `clear`, but synchronous. */
  clearSync(range: RangeOptions<K> = {}, options?: WriteOptions): void {
    this.transaction.assertOpen()
    this.requireSyncIf(syncOf(options))
    const bounds = checkedRange(range, this.readCore.keyEncoding)
    if (isEmptyRange(bounds)) return
    const { start, end } = bounds
    this.own.clear({ start: copyBytes(start), end: end && copyBytes(end) })
  }

  clear(range: RangeOptions<K> = {}, options?: WriteOptions): Promise<void> {
    return done(() => this.clearSync(range, options))
  }

  protected override visibleSequence(): number {
    this.transaction.assertOpen()
    return this.transaction.sequence
  }

  private requireSyncIf(sync: boolean): void {
    if (sync) this.transaction.requireSync()
  }

  private readonly encoderOf = (keyspace: AnyStore): OperationEncoder => {
    const { core, operations } = this.partOf(keyspace)
    this.transaction.batchOf(core)
    return operations
  }
}

/**
 * A serializable transaction: it takes effect as if it had run alone at the moment of its commit,
 * or not at all. `commit` fails with CONFLICT if another commit wrote something that this
 * transaction has read: a key, present or absent, or the part of a range that an iterator has
 * passed. A transaction that only reads never conflicts.
 *
 * Reads see the database as it was at `begin`, and the transaction's own writes. A transaction
 * keeps old versions alive and records its reads, so keep it short. End it with `commit` or
 * `rollback`, or declare it with `using`.
 */
export class Transaction<K, V> extends TransactionStore<K, V> implements Disposable {
  /**
   * Another keyspace of the database, read and written in this transaction.
   *
   * ```ts
   * await db.transaction(async (tx) => {
   *   const id = ((await tx.get('lastUser')) ?? 0) + 1
   *   await tx.put('lastUser', id)
   *   await tx.keyspace(users).put(`user ${id}`, { name: 'Ann' })
   * })
   * ```
   *
   * @throws INVALID_ARGUMENT if it belongs to another database, CLOSED if it was dropped
   */
  keyspace<K2, V2>(keyspace: KeyValueStore<K2, V2>): TransactionStore<K2, V2> {
    this.transaction.assertOpen()
    return new TransactionStore<K2, V2>(this.transaction, this.partOf(keyspace), this.partOf)
  }

  /** The last commit that it sees. */
  get sequence(): number {
    return this.transaction.sequence
  }

  /**
   * Commits all writes or none. Ends the transaction in any case.
   *
   * @throws CONFLICT (nothing was written: run the transaction again), CLOSED, IO, ABORTED,
   * POISONED, and INVALID_ARGUMENT if there are too many writes for one commit (as rejections)
   */
  commit(options?: WriteOptions): Promise<void> {
    try {
      return this.transaction.commit(syncOf(options))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** Like `commit`, but synchronous. */
  commitSync(options?: WriteOptions): void {
    this.transaction.commitSync(syncOf(options))
  }

  /** Ends the transaction and discards its writes. Does nothing after it has ended. */
  rollback(): void {
    this.transaction.rollback()
  }

  /**
   * Marks the current state of the writes, to roll back to it later.
   *
   * ```ts
   * const savepoint = tx.savepoint()
   * await tx.put('try', 'this')
   * savepoint.rollback()
   * ```
   */
  savepoint(): Savepoint {
    return { rollback: this.transaction.savepoint() }
  }

  /** Like `rollback`, for `using`. */
  [Symbol.dispose](): void {
    this.rollback()
  }

  /** The text that `console.log` shows. */
  [inspect.custom](depth: number, options: InspectOptions): string {
    const { sequence, isOpen, memoryBytes } = this.transaction
    return inspected('Transaction', { sequence, isOpen, memoryBytes }, depth, options)
  }
}

/** Runs a write and returns its result as a promise. */
function done(write: () => void): Promise<void> {
  try {
    write()
    return Promise.resolve()
  } catch (error) {
    return Promise.reject(error)
  }
}
