import { invalidArgument } from '../base/errors.js'
import type { Encoding } from '../batch/encoding.js'
import type {
  CompactionOptions,
  CompactionPolicy,
} from '../compaction/pickers/compaction-options.js'
import { resolveSetting } from '../compaction/pickers/resolve-compaction.js'
import { isEmptyRange, type KeyRange } from '../key/key-range.js'
import { type Explanation, explainGet, type ExplainOptions } from '../tree/explain.js'
import type {
  CompactOptions,
  LevelInfo,
  MemTableInfo,
  PutOptions,
  RangeOptions,
  WriteOptions,
} from './api.js'
import type { AnyStore } from './keyspace-types.js'
import type { KeyValueStore } from './key-value-store.js'
import type { DatabaseParts, WriterParts } from './open/database-parts.js'
import { checkCompactOptions, compactRange, flushTree } from './open/manual-compaction.js'
import { collectLevels, collectMemTables } from './open/stats.js'
import { checkedRange, encodeKey } from './read/key-bounds.js'
import type { StoreCore } from './read/read-core.js'
import { Reader } from './read/reader.js'
import { Snapshot } from './read/snapshot.js'
import type { Operations } from './typed-operations.js'
import type { TransactionPart } from './transaction/transaction-part.js'
import type { CommitPipeline } from './write/commit-pipeline.js'
import { OperationEncoder } from './write/operation-encoder.js'
import { syncOf, syncOfPut } from './write/write-options.js'

/**
 * The common base of databases and keyspaces: reads, writes and maintenance of one tree. A database
 * is its own default keyspace.
 */
export abstract class Store<K, V> extends Reader<K, V> implements KeyValueStore<K, V> {
  declare protected readonly readCore: StoreCore
  private readonly keyspaceId: number
  private readonly keyEncoding: Encoding<K>
  private readonly operations: OperationEncoder

  protected constructor(
    protected readonly parts: DatabaseParts,
    core: StoreCore,
    defaultTtlMs?: number,
  ) {
    super(core)
    this.keyspaceId = core.keyspace
    this.keyEncoding = core.keyEncoding as Encoding<K>
    this.operations = new OperationEncoder({ ...core, defaultTtlMs })
  }

  /**
   * Sets the value of `key`. Resolves when the write is as safe as `durability` (or `options.sync`)
   * requires; until then reads do not see it. After `options.ttlMs` the key has no value. Writes
   * made without an `await` in between are committed together and share one promise, so await or
   * catch each of them.
   *
   * Backpressure applies only to writes you await; the rest queue in memory. With 2 GiB or 2^26
   * operations in the queue, the next one fails with INVALID_ARGUMENT.
   *
   * @throws INVALID_ARGUMENT, CLOSED, IO (nothing was written), ABORTED (held back for
   * `maxStallMs`; nothing was written), POISONED (as rejections)
   */
  put(key: K, value: V, options?: PutOptions): Promise<void> {
    try {
      const pipeline = this.pipeline()
      const sync = syncOfPut(options)
      this.operations.put(pipeline.open(), key, value, options?.ttlMs)
      return pipeline.submit(sync)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** Like `put`, but synchronous. */
  putSync(key: K, value: V, options?: PutOptions): void {
    const pipeline = this.pipeline()
    const sync = syncOfPut(options)
    this.operations.put(pipeline.open(), key, value, options?.ttlMs)
    pipeline.commitBlocking(sync)
  }

  /** Deletes `key`. Does nothing if it has no value. */
  del(key: K, options?: WriteOptions): Promise<void> {
    try {
      const pipeline = this.pipeline()
      const sync = syncOf(options)
      this.operations.del(pipeline.open(), key)
      return pipeline.submit(sync)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** Like `del`, but synchronous. */
  delSync(key: K, options?: WriteOptions): void {
    const pipeline = this.pipeline()
    const sync = syncOf(options)
    this.operations.del(pipeline.open(), key)
    pipeline.commitBlocking(sync)
  }

  /**
   * Applies all operations or none, even if the process crashes. If several operations have the
   * same key, the last one wins. Readers see all of them at the same time. An operation with a
   * `keyspace` applies to that keyspace.
   */
  batch<Stores extends readonly unknown[]>(
    operations: Operations<Stores, K, V>,
    options?: WriteOptions,
  ): Promise<void> {
    try {
      const pipeline = this.pipeline()
      const sync = syncOf(options)
      this.operations.all(pipeline.open(), operations, this.encoderOf)
      if (operations.length === 0) return Promise.resolve()
      return pipeline.submit(sync)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** Like `batch`, but synchronous. */
  batchSync<Stores extends readonly unknown[]>(
    operations: Operations<Stores, K, V>,
    options?: WriteOptions,
  ): void {
    const pipeline = this.pipeline()
    const sync = syncOf(options)
    this.operations.all(pipeline.open(), operations, this.encoderOf)
    if (operations.length > 0) pipeline.commitBlocking(sync)
  }

  /**
   * Deletes all keys in a range (default: all keys) with one write, regardless of their number.
   * Compaction frees the space later.
   */
  clear(range: RangeOptions<K> = {}, options?: WriteOptions): Promise<void> {
    try {
      const pipeline = this.pipeline()
      const sync = syncOf(options)
      const bounds = this.boundsOf(range)
      const batch = pipeline.open()
      if (isEmptyRange(bounds)) return Promise.resolve()
      batch.rangeDelete(this.keyspaceId, bounds.start, bounds.end)
      return pipeline.submit(sync)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /**
   * The current state, for reads that must not see later writes. It covers all keyspaces at the
   * same sequence: pass it as `snapshot` to reads of another keyspace. Close it when you are done.
   */
  snapshot(): Snapshot<K, V> {
    const { readCore: core } = this
    const { snapshots } = this.parts.current.state
    // A refresh replaces the trees of later reads. The snapshot keeps these.
    const ownCore = { ...core, current: { ...core.current } }
    return new Snapshot<K, V>(ownCore, snapshots, this.visibleSequence())
  }

  /** Writes the memtables to tables. */
  async flush(): Promise<void> {
    await flushTree(this.readCore, this.writer())
  }

  /**
   * Compacts the tables of a range (default: all), level by level, down to the deepest one. Frees
   * the space of overwritten and deleted entries, and reduces the number of tables that reads
   * search.
   *
   * @throws ABORTED by `options.signal`, or because the database closes. Finished levels stay.
   */
  async compact(range: RangeOptions<K> = {}, options: CompactOptions = {}): Promise<void> {
    const writer = this.writer()
    const bounds = this.boundsOf(range)
    checkCompactOptions(options)
    await compactRange(this.readCore, writer, bounds, options)
  }

  /**
   * Bytes that a range (default: all keys) takes in the tables, to the nearest block. Does not
   * count unflushed entries.
   */
  async approximateSize(range: RangeOptions<K> = {}): Promise<number> {
    const { readCore } = this
    readCore.assertOpen()
    const { loads, current } = readCore
    const summing = current.tree.tableBytesIn(this.boundsOf(range))
    loads.add(summing)
    return summing.finally(() => loads.delete(summing))
  }

  /**
   * Changes the compaction policy or its thresholds. Nothing is rewritten immediately: running
   * compactions continue, and the tree changes shape as new writes arrive.
   *
   * @throws INVALID_ARGUMENT
   */
  setCompaction(compaction: CompactionPolicy | CompactionOptions): void {
    const { policies } = this.writer()
    const { memtableBytes } = this.parts.options.tree
    policies.of(this.readCore.current.tree).set(resolveSetting(compaction, memtableBytes))
  }

  /** The levels and their tables. */
  levels(): LevelInfo[] {
    this.readCore.assertOpen()
    return collectLevels(this.readCore.current.tree)
  }

  /** The memtables: the one that takes writes, then the sealed ones, newest first. */
  memtables(): MemTableInfo[] {
    this.readCore.assertOpen()
    return collectMemTables(this.readCore.current.tree)
  }

  /** The memtables, filters, index entries and blocks that `getSync(key)` consults. */
  explain(key: K, options: ExplainOptions = {}): Explanation {
    const { current, clock } = this.readCore
    const sequence = this.visibleSequence()
    const encoded = encodeKey(key, this.keyEncoding)
    return explainGet(encoded, sequence, current.tree.state, this.parts.tables, clock, options)
  }

  protected override visibleSequence(): number {
    this.readCore.assertOpen()
    return this.parts.writer?.pipeline.visibleSequence ?? this.parts.current.state.lastSequence
  }

  protected writer(): WriterParts {
    this.readCore.assertOpen()
    const { writer } = this.parts
    if (writer !== undefined) return writer
    throw invalidArgument('the database was opened with readOnly: true', 'readOnly')
  }

  protected pipeline(): CommitPipeline {
    return this.writer().pipeline
  }

  /** The parts of `keyspace` that a transaction needs. Throws like `storeOf`. */
  protected partOf(keyspace: AnyStore): TransactionPart {
    const { readCore, operations } = this.storeOf(keyspace)
    return { core: readCore, operations }
  }

  private readonly encoderOf = (keyspace: AnyStore): OperationEncoder =>
    this.storeOf(keyspace).operations

  /** Throws INVALID_ARGUMENT if it belongs to another database, CLOSED if it was dropped. */
  private storeOf(keyspace: AnyStore): Store<unknown, unknown> {
    if (keyspace instanceof Store && keyspace.readCore.walks === this.readCore.walks) {
      const store: Store<unknown, unknown> = keyspace
      store.readCore.assertOpen()
      return store
    }
    throw invalidArgument("'keyspace' must be a keyspace of this database", 'keyspace')
  }

  protected boundsOf(range: RangeOptions<K>): KeyRange {
    return checkedRange(range, this.keyEncoding)
  }
}
