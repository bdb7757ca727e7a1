import { inspect, type InspectOptions } from 'node:util'
import { copyBytes } from '../../base/bytes/bytes.js'
import { isEmptyRange } from '../../key/key-range.js'
import type { PutOptions, RangeOptions, WriteOptions } from '../api.js'
import type { KeyValueStore } from '../key-value-store.js'
import type { AnyStore } from '../keyspace-types.js'
import type { Operations } from '../typed-operations.js'
import { inspected } from '../read/inspection.js'
import { checkedRange } from '../read/key-bounds.js'
import { Reader } from '../read/reader.js'
import type { OperationEncoder } from '../write/operation-encoder.js'
import { syncOf, syncOfPut } from '../write/write-options.js'
import type { IndexedBatch } from './indexed-batch.js'
import type { PendingWrites } from './pending-writes.js'
import type { Savepoint } from './savepoint.js'
import type { TransactionPart } from './transaction-part.js'
import { TransactionTree } from './transaction-tree.js'

/**
 * One keyspace in a transaction or an indexed batch. Reads see its own writes over the database.
 * Writes are collected, and take effect with the commit. They never wait: they return promises so
 * that code for a `Database` works with a transaction.
 */
export class TransactionStore<K, V> extends Reader<K, V> implements KeyValueStore<K, V> {
  private readonly own: IndexedBatch
  private readonly operations: OperationEncoder

  /** Created by `begin`, `transaction` and `indexedBatch` of a database. */
  constructor(
    protected readonly pending: PendingWrites,
    { core, operations }: TransactionPart,
    protected readonly partOf: (keyspace: AnyStore) => TransactionPart,
  ) {
    const own = pending.batchOf(core)
    const { tree, trees } = core.current
    super({ ...core, current: { tree: new TransactionTree(tree, own, pending.reads), trees } })
    this.own = own
    this.operations = operations
  }

  putSync(key: K, value: V, options?: PutOptions): void {
    this.pending.assertOpen()
    this.requireSyncIf(syncOfPut(options))
    this.pending.write((batch) => this.operations.put(batch, key, value, options?.ttlMs))
  }

  put(key: K, value: V, options?: PutOptions): Promise<void> {
    return done(() => this.putSync(key, value, options))
  }

  delSync(key: K, options?: WriteOptions): void {
    this.pending.assertOpen()
    this.requireSyncIf(syncOf(options))
    this.pending.write((batch) => this.operations.del(batch, key))
  }

  del(key: K, options?: WriteOptions): Promise<void> {
    return done(() => this.delSync(key, options))
  }

  batchSync<Stores extends readonly unknown[]>(
    operations: Operations<Stores, K, V>,
    options?: WriteOptions,
  ): void {
    this.pending.assertOpen()
    this.requireSyncIf(syncOf(options))
    this.pending.write((batch) => this.operations.all(batch, operations, this.encoderOf))
  }

  batch<Stores extends readonly unknown[]>(
    operations: Operations<Stores, K, V>,
    options?: WriteOptions,
  ): Promise<void> {
    return done(() => this.batchSync(operations, options))
  }

  /** Like `clear`, but synchronous. */
  clearSync(range: RangeOptions<K> = {}, options?: WriteOptions): void {
    this.pending.assertOpen()
    this.requireSyncIf(syncOf(options))
    const bounds = checkedRange(range, this.readCore.keyEncoding)
    if (isEmptyRange(bounds)) return
    const { start, end } = bounds
    this.own.clear({ start: copyBytes(start), end: end && copyBytes(end) })
  }

  clear(range: RangeOptions<K> = {}, options?: WriteOptions): Promise<void> {
    return done(() => this.clearSync(range, options))
  }

  protected storeOf<K2, V2>(keyspace: KeyValueStore<K2, V2>): TransactionStore<K2, V2> {
    this.pending.assertOpen()
    return new TransactionStore<K2, V2>(this.pending, this.partOf(keyspace), this.partOf)
  }

  protected override visibleSequence(): number {
    this.pending.assertOpen()
    return this.pending.sequence
  }

  private requireSyncIf(sync: boolean): void {
    if (sync) this.pending.requireSync()
  }

  private readonly encoderOf = (keyspace: AnyStore): OperationEncoder => {
    const { core, operations } = this.partOf(keyspace)
    this.pending.batchOf(core)
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
export class Transaction<K, V>
  extends TransactionStore<K, V>
  implements Disposable, AsyncDisposable
{
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
    return this.storeOf(keyspace)
  }

  /** The last commit that it sees. */
  get sequence(): number {
    return this.pending.sequence
  }

  /**
   * Commits all writes or none. Ends the transaction in any case.
   *
   * @throws CONFLICT (nothing was written: run the transaction again), CLOSED, IO, ABORTED,
   * POISONED, and INVALID_ARGUMENT if there are too many writes for one commit (as rejections)
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

  /** Ends the transaction and discards its writes. Does nothing after it has ended. */
  rollback(): void {
    this.pending.rollback()
  }

  /**
   * A state of the writes to which they can be taken back.
   *
   * ```ts
   * const savepoint = tx.savepoint()
   * await tx.put('try', 'this')
   * tx.rollbackTo(savepoint)
   * ```
   *
   * @throws INVALID_ARGUMENT if the transaction takes too much memory
   */
  savepoint(): Savepoint {
    return this.pending.savepoint()
  }

  /**
   * Undoes all writes since the savepoint, as `savepoint.rollback()` does. Reads since then still
   * count for conflicts. The savepoint can be used again; later ones are gone.
   *
   * @throws INVALID_ARGUMENT if the savepoint is gone, or of another transaction
   */
  rollbackTo(savepoint: Savepoint): void {
    this.pending.rollbackTo(savepoint)
  }

  /** Bytes of memory for its writes and for what it has read: see `maxTransactionBytes`. */
  get memoryBytes(): number {
    return this.pending.memoryBytes
  }

  /** Like `rollback`, for `using`. */
  [Symbol.dispose](): void {
    this.rollback()
  }

  /** As `rollback`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    this.rollback()
    return Promise.resolve()
  }

  /** What `console.log` shows. */
  [inspect.custom](depth: number, options: InspectOptions): string {
    const { sequence, isOpen, memoryBytes } = this.pending
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
