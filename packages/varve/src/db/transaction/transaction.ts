import { inspect, type InspectOptions } from 'node:util'
import { ByteSink } from '../../base/byte-sink.js'
import { copyBytes, emptyBytes } from '../../base/bytes.js'
import { invalidArgument } from '../../base/errors.js'
import type { Encoding } from '../../batch/encoding.js'
import { atIndex, keyError, valueError } from '../../batch/encoding-error.js'
import { isEmptyRange } from '../../key/key-range.js'
import { maxValueBytes, requireKeyLength } from '../../key/limits.js'
import { ValueKind } from '../../key/value-kind.js'
import type { BatchOperation, PutOptions, RangeOptions, WriteOptions } from '../api.js'
import type { KeyValueStore } from '../key-value-store.js'
import type { AnyStore } from '../keyspace-types.js'
import { requireObject } from '../options/arguments.js'
import { inspected } from '../read/inspection.js'
import { checkRangeOptions, encodeKey, rangeOf } from '../read/key-bounds.js'
import { Reader } from '../read/reader.js'
import { expiryOf, syncOf, syncOfPut } from '../write/write-options.js'
import type { IndexedBatch } from './indexed-batch.js'
import type { OpenTransaction } from './open-transaction.js'
import type { TransactionPart } from './transaction-part.js'
import { TransactionTree } from './transaction-tree.js'

/** Takes the writes of a transaction back. */
export interface Savepoint {
  /** Undoes all writes since the savepoint. Reads since then still count for conflicts. */
  rollback(): void
}

/**
 * One keyspace in a transaction. Reads see the snapshot and the transaction's own writes; writes
 * are collected and take effect with the commit. All methods are done when they are called: those
 * that return a promise do so only to have the form of `Database`.
 */
export class TransactionStore<K, V> extends Reader<K, V> implements KeyValueStore<K, V> {
  private readonly batchOfKeyspace: IndexedBatch
  private readonly defaultTtlMs: number | undefined
  private readonly keyEncoding: Encoding<K>
  private readonly valueEncoding: Encoding<V>

  /** Made by `begin` and `transaction` of a database. */
  constructor(
    protected readonly transaction: OpenTransaction,
    { core, defaultTtlMs }: TransactionPart,
  ) {
    const batch = transaction.batchOf(core)
    const { tree, trees } = core.current
    super({
      ...core,
      current: { tree: new TransactionTree(tree, batch, transaction.reads), trees },
    })
    this.defaultTtlMs = defaultTtlMs
    this.batchOfKeyspace = batch
    this.keyEncoding = core.keyEncoding as Encoding<K>
    this.valueEncoding = core.valueEncoding as Encoding<V>
  }

  putSync(key: K, value: V, options?: PutOptions): void {
    this.transaction.assertOpen()
    if (syncOfPut(options)) this.transaction.requireSync()
    this.add(key, value, options?.ttlMs)
  }

  put(key: K, value: V, options?: PutOptions): Promise<void> {
    return done(() => this.putSync(key, value, options))
  }

  delSync(key: K, options?: WriteOptions): void {
    this.transaction.assertOpen()
    if (syncOf(options)) this.transaction.requireSync()
    this.remove(key)
  }

  del(key: K, options?: WriteOptions): Promise<void> {
    return done(() => this.delSync(key, options))
  }

  batchSync(operations: readonly BatchOperation<K, V>[], options?: WriteOptions): void {
    this.transaction.assertOpen()
    if (syncOf(options)) this.transaction.requireSync()
    if (!Array.isArray(operations)) throw invalidArgument('batch takes an array of operations')
    const savepoint = this.batchOfKeyspace.savepoint()
    let index = 0
    try {
      for (; index < operations.length; index++) {
        const operation = operations[index] as BatchOperation<K, V>
        requireObject(operation, 'an operation of a batch')
        if (operation.type === 'put') this.add(operation.key, operation.value, operation.ttlMs)
        else if (operation.type === 'del') this.remove(operation.key)
        else throw invalidArgument(`an operation's type must be 'put' or 'del'`)
      }
    } catch (error) {
      this.batchOfKeyspace.rollbackTo(savepoint)
      throw atIndex(error, 'operations', index)
    }
  }

  batch(operations: readonly BatchOperation<K, V>[], options?: WriteOptions): Promise<void> {
    return done(() => this.batchSync(operations, options))
  }

  /** As `clear`, but done when it returns. */
  clearSync(range: RangeOptions<K> = {}, options?: WriteOptions): void {
    this.transaction.assertOpen()
    if (syncOf(options)) this.transaction.requireSync()
    requireObject(range, 'a range')
    checkRangeOptions(range)
    const bounds = rangeOf(range, this.keyEncoding)
    if (isEmptyRange(bounds)) return
    const { start, end } = bounds
    this.batchOfKeyspace.clear({ start: copyBytes(start), end: end && copyBytes(end) })
  }

  clear(range: RangeOptions<K> = {}, options?: WriteOptions): Promise<void> {
    return done(() => this.clearSync(range, options))
  }

  protected override visibleSequence(): number {
    this.transaction.assertOpen()
    return this.transaction.sequence
  }

  private add(key: K, value: V, given: number | undefined): void {
    const ttlMs = given === undefined ? this.defaultTtlMs : given
    const keyBytes = this.encodedKey(key)
    const expiresAtMs =
      ttlMs === undefined ? undefined : expiryOf(ttlMs, this.readCore.clock.wallMs())
    const kind = expiresAtMs === undefined ? ValueKind.put : ValueKind.putWithExpiry
    const sink = new ByteSink(64)
    if (expiresAtMs !== undefined) appendExpiry(sink, expiresAtMs)
    try {
      this.valueEncoding.write(value, sink)
      if (sink.length > maxValueBytes) {
        throw invalidArgument(
          `a value may have at most ${maxValueBytes} bytes; this one has ${sink.length}`,
        )
      }
    } catch (error) {
      throw valueError(error, key, this.valueEncoding)
    }
    const valueBytes = sink.buffer.subarray(0, sink.length)
    this.batchOfKeyspace.write({ keyBytes, kind, valueBytes })
  }

  private remove(key: K): void {
    const keyBytes = this.encodedKey(key)
    this.batchOfKeyspace.write({ keyBytes, kind: ValueKind.delete, valueBytes: emptyBytes })
  }

  private encodedKey(key: K): Buffer {
    const bytes = encodeKey(key, this.keyEncoding)
    try {
      requireKeyLength(bytes.length)
    } catch (error) {
      throw keyError(error, key, this.keyEncoding)
    }
    return bytes
  }
}

/**
 * A serializable transaction: it takes effect as if it had run alone at the moment of its commit,
 * or not at all. `commit` fails with CONFLICT if another commit has written something that this
 * transaction has read: a key, present or absent, or a part of a range that an iterator has passed.
 * A transaction that only reads never conflicts.
 *
 * Reads see the database as it was at `begin`, and the transaction's own writes. It keeps old
 * versions alive and remembers what it has read, so end it soon, with `commit` or `rollback`, or
 * declare it with `using`.
 */
export class Transaction<K, V> extends TransactionStore<K, V> implements Disposable {
  /** Made by `begin` and `transaction` of a database. */
  constructor(
    transaction: OpenTransaction,
    part: TransactionPart,
    private readonly partOf: (keyspace: AnyStore) => TransactionPart,
  ) {
    super(transaction, part)
  }

  /**
   * Another keyspace of the database, in this transaction: it is committed with it.
   *
   * ```ts
   * await db.transaction(async (tx) => {
   *   const id = ((await tx.get('lastUser')) ?? 0) + 1
   *   await tx.put('lastUser', id)
   *   await tx.keyspace(users).put(`user ${id}`, { name: 'Ann' })
   * })
   * ```
   *
   * @throws INVALID_ARGUMENT if it is not of this database, CLOSED if it was dropped
   */
  keyspace<K2, V2>(keyspace: KeyValueStore<K2, V2>): TransactionStore<K2, V2> {
    this.transaction.assertOpen()
    return new TransactionStore<K2, V2>(this.transaction, this.partOf(keyspace))
  }

  /** The last commit that it sees. */
  get sequence(): number {
    return this.transaction.sequence
  }

  /**
   * Commits all writes or none, and ends the transaction in any case.
   *
   * @throws CONFLICT (nothing was written: run the transaction again), CLOSED, IO, ABORTED,
   * POISONED, and INVALID_ARGUMENT if the writes are too many for one commit (as rejections)
   */
  commit(options?: WriteOptions): Promise<void> {
    try {
      return this.transaction.commit(syncOf(options))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** As `commit`, but done when it returns. */
  commitSync(options?: WriteOptions): void {
    this.transaction.commitSync(syncOf(options))
  }

  /** Ends the transaction without its writes. Does nothing after its end. */
  rollback(): void {
    this.transaction.rollback()
  }

  /**
   * A point to which the writes can be taken back.
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

  /** As `rollback`, for `using`. */
  [Symbol.dispose](): void {
    this.rollback()
  }

  /** What `console.log` shows. */
  [inspect.custom](depth: number, options: InspectOptions): string {
    const { sequence, isOpen, memoryBytes } = this.transaction
    return inspected('Transaction', { sequence, isOpen, memoryBytes }, depth, options)
  }
}

/** The form of a write that may have to wait. */
function done(write: () => void): Promise<void> {
  try {
    write()
    return Promise.resolve()
  } catch (error) {
    return Promise.reject(error)
  }
}

function appendExpiry(sink: ByteSink, expiresAtMs: number): void {
  const bytes = Buffer.alloc(6)
  bytes.writeUIntLE(expiresAtMs, 0, 6)
  sink.appendBytes(bytes)
}
