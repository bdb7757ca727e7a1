import { inspect, type InspectOptions } from 'node:util'
import { type CheckpointReport, writeCheckpoint } from '../backup/checkpoint.js'
import { type BackupReport, makeBackup } from '../backup/make-backup.js'
import { closedError, invalidArgument } from '../base/errors.js'
import { Yielder } from '../base/yielder.js'
import { type Decoded, type Encoding, type EncodingOption } from '../batch/encoding.js'
import { atIndex, keyError, valueError } from '../batch/encoding-error.js'
import type { WriteBatch } from '../batch/write-batch.js'
import { isEmptyRange, type KeyRange } from '../key/key-range.js'
import { ValueKind } from '../key/value-kind.js'
import type {
  CompactionOptions,
  CompactionPolicy,
} from '../compaction/pickers/compaction-options.js'
import { resolveSetting } from '../compaction/pickers/resolve-compaction.js'
import { type Explanation, explainGet } from '../tree/explain.js'
import { recordClose } from '../fs/lock/closes-under-way.js'
import { defaultKeyspace } from '../version/version-edit.js'
import type {
  BatchOperation,
  CompactOptions,
  DatabaseEvents,
  LevelInfo,
  PutOptions,
  RangeOptions,
  Stats,
  WriteOptions,
} from './api.js'
import { checkCompactOptions, compactRange, flushAll } from './open/manual-compaction.js'
import { channels } from './events/channels.js'
import { closeDatabase, type DatabaseState } from './open/close-database.js'
import type { KeyValueStore } from './key-value-store.js'
import type { CommitPipeline } from './write/commit-pipeline.js'
import { withCopySource } from './open/copy-source.js'
import { type DatabaseParts, defaultTree, type WriterParts } from './open/database-parts.js'
import { Follower } from './open/follower.js'
import { checkRangeOptions, encodeKey, rangeOf } from './read/key-bounds.js'
import { openDatabase } from './open/open-database.js'
import { inspected } from './read/inspection.js'
import { pathOf, requireObject } from './options/arguments.js'
import { type ResolvedOptions, withEncodings } from './options/open-options.js'
import { Reader } from './read/reader.js'
import { Snapshot } from './read/snapshot.js'
import { collectLevels, collectStats } from './open/stats.js'
import { expiryOf, syncOf, syncOfPut } from './write/write-options.js'

/**
 * An open database. Methods return a promise, unless their name ends in `Sync`; those, `stats`,
 * `levels`, `snapshot` and `for` over a range are done when they return.
 *
 * A write is visible to reads once its promise has resolved or its `…Sync` method has returned.
 */
export class Database<K, V> extends Reader<K, V> implements KeyValueStore<K, V>, AsyncDisposable {
  private readonly parts: DatabaseParts
  private readonly keyEncoding: Encoding<K>
  private readonly valueEncoding: Encoding<V>
  /** Use `open`. */
  static open<K, V>(givenPath: string | URL, options: ResolvedOptions): Database<K, V> {
    const path = pathOf(givenPath, 'the path of a database')
    const state: DatabaseState = { isClosed: false, closing: undefined, watched: undefined }
    const assertOpen = (): void => {
      if (state.isClosed) throw closedError('the database')
    }
    const parts = options.readOnly
      ? Follower.open(path, options, assertOpen)
      : openDatabase(path, options, assertOpen)
    const db = new Database<K, V>(parts, state)
    state.watched = db
    if (channels.open.hasSubscribers) channels.open.publish({ database: db.path, db })
    return db
  }

  private constructor(
    parts: DatabaseParts,
    private readonly state: DatabaseState,
  ) {
    super(parts.core)
    this.parts = parts
    this.keyEncoding = parts.options.keyEncoding as Encoding<K>
    this.valueEncoding = parts.options.valueEncoding as Encoding<V>
  }

  /** The directory, with symbolic links resolved. */
  get path(): string {
    return this.parts.path
  }

  /**
   * The same open database with other encodings. An encoding that is left out stays the same. Both
   * views share everything else, and closing one closes both.
   *
   * ```ts
   * const bytes = db.withEncodings({ valueEncoding: 'binary' })
   * await bytes.put('photo', await readFile('photo.jpg'))
   * ```
   *
   * @throws INVALID_ARGUMENT
   */
  withEncodings<
    const KE extends EncodingOption | undefined = undefined,
    const VE extends EncodingOption | undefined = undefined,
  >(encodings: { keyEncoding?: KE; valueEncoding?: VE }): Database<ViewOf<KE, K>, ViewOf<VE, V>> {
    const { parts, state } = this
    const options = withEncodings(parts.options, encodings)
    const { keyEncoding, valueEncoding } = options
    const core = { ...parts.core, keyEncoding, valueEncoding }
    return new Database<ViewOf<KE, K>, ViewOf<VE, V>>({ ...parts, options, core }, state)
  }

  /**
   * Sets the value of `key`. Resolves when the write is as safe as `durability` (or `options.sync`)
   * asks; until then reads do not see it. After `options.ttlMs` the key has no value any more.
   * Writes made in the same run of code are committed together and share one promise, so await or
   * catch each of them.
   *
   * Backpressure applies only to writes you await; the rest queue in memory. At 2 GiB or 2^26
   * queued operations, the next one is refused with INVALID_ARGUMENT.
   *
   * @throws INVALID_ARGUMENT, CLOSED, IO (nothing was written), ABORTED (held back for
   * `maxStallMs`; nothing was written), POISONED (as rejections)
   */
  put(key: K, value: V, options?: PutOptions): Promise<void> {
    try {
      const pipeline = this.pipeline()
      const sync = syncOfPut(options)
      this.addPut(pipeline.open(), key, value, options?.ttlMs)
      return pipeline.submit(sync)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** As `put`, but done when it returns. */
  putSync(key: K, value: V, options?: PutOptions): void {
    const pipeline = this.pipeline()
    const sync = syncOfPut(options)
    this.addPut(pipeline.open(), key, value, options?.ttlMs)
    pipeline.commitBlocking(sync)
  }

  /** Deletes `key`. Does nothing if it has no value. */
  del(key: K, options?: WriteOptions): Promise<void> {
    try {
      const pipeline = this.pipeline()
      const sync = syncOf(options)
      this.addDelete(pipeline.open(), key)
      return pipeline.submit(sync)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** As `del`, but done when it returns. */
  delSync(key: K, options?: WriteOptions): void {
    const pipeline = this.pipeline()
    const sync = syncOf(options)
    this.addDelete(pipeline.open(), key)
    pipeline.commitBlocking(sync)
  }

  /**
   * Applies all operations or none, after any crash. Of several operations on one key the last one
   * wins. Readers see all of them at the same time.
   */
  batch(operations: readonly BatchOperation<K, V>[], options?: WriteOptions): Promise<void> {
    try {
      const pipeline = this.pipeline()
      const sync = syncOf(options)
      this.addAll(pipeline.open(), operations)
      if (operations.length === 0) return Promise.resolve()
      return pipeline.submit(sync)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** As `batch`, but done when it returns. */
  batchSync(operations: readonly BatchOperation<K, V>[], options?: WriteOptions): void {
    const pipeline = this.pipeline()
    const sync = syncOf(options)
    this.addAll(pipeline.open(), operations)
    if (operations.length > 0) pipeline.commitBlocking(sync)
  }

  /**
   * Deletes all keys of a range (default: all keys) with one write, however many there are.
   * Compaction frees the space.
   */
  clear(range: RangeOptions<K> = {}, options?: WriteOptions): Promise<void> {
    try {
      const pipeline = this.pipeline()
      const sync = syncOf(options)
      const bounds = this.boundsOf(range)
      const batch = pipeline.open()
      if (isEmptyRange(bounds)) return Promise.resolve()
      batch.rangeDelete(defaultKeyspace, bounds.start, bounds.end)
      return pipeline.submit(sync)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** The current state, for reads that must not see later writes. Close it when you are done. */
  snapshot(): Snapshot<K, V> {
    const { core, current } = this.parts
    // A refresh replaces the tree of later reads. The snapshot keeps this one.
    const ownCore = { ...core, current: { ...core.current } }
    return new Snapshot<K, V>(ownCore, current.state.snapshots, this.visibleSequence())
  }

  /**
   * Catches up with the owner of the directory, if this database was opened with `readOnly: true`.
   * Afterwards reads see everything that the owner acknowledged before the call; open snapshots and
   * iterators do not. Blocks while it reads the commits that were appended to the logs or, if there
   * are new tables, the whole logs, as `open` does. Does nothing in a database that owns its
   * directory.
   *
   * @throws CLOSED, CORRUPTION, IO. After an error nothing has changed.
   */
  async refresh(): Promise<void> {
    this.parts.core.assertOpen()
    return Promise.resolve(this.parts.follower?.refresh())
  }

  /** Writes everything in memory to tables. */
  async flush(): Promise<void> {
    await flushAll(this.parts.core, this.writer())
  }

  /**
   * Compacts the tables of a range (default: all), level by level, down to the deepest. Frees the
   * space of overwritten and deleted entries, and leaves reads fewer tables to search.
   *
   * @throws ABORTED by `options.signal`, or because the database closes. Finished levels stay.
   */
  async compact(range: RangeOptions<K> = {}, options: CompactOptions = {}): Promise<void> {
    const writer = this.writer()
    const bounds = this.boundsOf(range)
    checkCompactOptions(options)
    await compactRange(this.parts.core, writer, bounds, options)
  }

  /**
   * Creates an independent database in `directory`, which must be missing or empty. It holds
   * everything submitted before the call, in all keyspaces. Tables get a second name there instead
   * of a copy, if the file system can do that, so it takes little time and space. Writes, flushes
   * and compactions go on meanwhile. Afterwards both databases may be written to.
   *
   * When it resolves, the checkpoint survives power loss. If it fails or the process dies,
   * `directory` is unchanged. A folder beside it whose name ends in `.tmp` may remain and can be
   * deleted.
   *
   * ```ts
   * await db.checkpoint('./before-the-upgrade')
   * ```
   *
   * @throws INVALID_ARGUMENT if `directory` is not empty; CLOSED if the database closes meanwhile;
   * CORRUPTION, IO
   */
  async checkpoint(directory: string | URL): Promise<CheckpointReport> {
    const writer = this.writer()
    const path = pathOf(directory, 'the directory of a checkpoint')
    const { fs, clock } = this.parts.options
    return this.copying((yielder) =>
      withCopySource(this.parts, writer, (source) =>
        writeCheckpoint(fs, source, path, clock.uniqueToken(), yielder),
      ),
    )
  }

  /**
   * Adds a backup of everything submitted before the call to a backup directory, which is created
   * if needed. The directory may hold any number of backups. Each can be restored alone, with
   * `varve restore` or `restoreBackup` of `varve/tools`. Tables that an earlier backup holds are
   * read but not copied again; every copy is read back and checked. Writes, flushes and compactions
   * go on meanwhile. The files to copy are kept until the backup ends.
   *
   * When it resolves, the backup survives power loss. If it fails or the process dies, the
   * directory holds the same backups as before.
   *
   * @throws LOCKED if another backup is being made there; INVALID_ARGUMENT if the directory holds
   * something else; CLOSED if the database closes meanwhile; CORRUPTION for a damaged table or log;
   * IO
   */
  async backup(directory: string | URL): Promise<BackupReport> {
    const writer = this.writer()
    const path = pathOf(directory, 'the directory of backups')
    return this.copying((yielder) =>
      withCopySource(this.parts, writer, (source) =>
        makeBackup(this.parts.options, source, path, yielder),
      ),
    )
  }

  /**
   * Bytes that a range (default: all keys) takes in the tables, to the nearest block. Unflushed
   * entries are not counted.
   */
  async approximateSize(range: RangeOptions<K> = {}): Promise<number> {
    this.parts.core.assertOpen()
    const { loads } = this.parts.core
    const summing = defaultTree(this.parts.current.state).tableBytesIn(this.boundsOf(range))
    loads.add(summing)
    return summing.finally(() => loads.delete(summing))
  }

  /**
   * Starts no more compactions until `resumeCompaction` or `close`, so that the disk and the
   * processor are free for something else. Resolves when none is running. Flushes go on and
   * `compact()` still works. Writes are not held back for level 0, so tables collect there and
   * reads must search more of them. When called right after `open`, before the next turn of the
   * event loop, it also prevents the compactions that are due at that moment.
   */
  async pauseCompaction(): Promise<void> {
    const { scheduler } = this.writer()
    scheduler.holdMerges()
    await scheduler.mergesIdle()
  }

  /** Ends `pauseCompaction`. */
  resumeCompaction(): void {
    this.writer().scheduler.releaseMerges()
  }

  /**
   * Changes the compaction policy or its thresholds. Nothing is rewritten at once: running
   * compactions go on, and the tree takes its new shape as it is written to.
   *
   * @throws INVALID_ARGUMENT
   */
  setCompaction(compaction: CompactionPolicy | CompactionOptions): void {
    const { policy } = this.writer()
    const { memtableBytes } = this.parts.options.tree
    policy.set(resolveSetting(compaction, memtableBytes))
  }

  /** Counters and figures of this database. Takes some microseconds. */
  stats(): Stats {
    this.parts.core.assertOpen()
    return collectStats(this.parts)
  }

  /** The levels and their tables. */
  levels(): LevelInfo[] {
    this.parts.core.assertOpen()
    return collectLevels(this.parts)
  }

  /** The memtables, filters, index entries and blocks that `getSync(key)` consults. */
  explain(key: K): Explanation {
    const { current, tables } = this.parts
    const sequence = this.visibleSequence()
    return explainGet(
      encodeKey(key, this.keyEncoding),
      sequence,
      defaultTree(current.state).state,
      tables,
      this.readCore.clock,
    )
  }

  /**
   * Adds a listener for an event of the background work. An 'error' without a listener is not
   * thrown. An exception of a listener is not caught.
   */
  on<E extends keyof DatabaseEvents>(
    event: E,
    listener: (...args: DatabaseEvents[E]) => void,
  ): this {
    this.parts.events.on(event, listener)
    return this
  }

  /** Removes a listener that was added with `on`. */
  off<E extends keyof DatabaseEvents>(
    event: E,
    listener: (...args: DatabaseEvents[E]) => void,
  ): this {
    this.parts.events.off(event, listener)
    return this
  }

  /**
   * Waits for writes under way, makes everything durable, gives up background work (which goes on
   * at the next open) and frees the directory. Iterators and snapshots answer CLOSED from then on.
   * Calling it again does nothing. `open` and `destroy` wait for a close that is under way.
   */
  close(): Promise<void> {
    const { state, parts } = this
    return (state.closing ??= recordClose(
      parts.options.fs,
      parts.path,
      closeDatabase(parts, state),
    ))
  }

  /** As `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** What `console.log` shows. */
  [inspect.custom](depth: number, options: InspectOptions): string {
    const { path } = this
    const [keyEncoding, valueEncoding] = [this.keyEncoding.name, this.valueEncoding.name]
    const fields = { path, keyEncoding, valueEncoding, isOpen: !this.state.isClosed }
    return inspected('Database', fields, depth, options)
  }

  protected override visibleSequence(): number {
    this.parts.core.assertOpen()
    return this.parts.writer?.pipeline.visibleSequence ?? this.parts.current.state.lastSequence
  }

  private writer(): WriterParts {
    this.parts.core.assertOpen()
    const { writer } = this.parts
    if (writer !== undefined) return writer
    throw invalidArgument('the database was opened with readOnly: true', 'readOnly')
  }

  private pipeline(): CommitPipeline {
    return this.writer().pipeline
  }

  /** Copies files. `close` waits for it, and makes it end early. */
  private copying<T>(work: (yielder: Yielder) => Promise<T>): Promise<T> {
    const { core, options } = this.parts
    const copying = work(new Yielder(options.clock, () => core.assertOpen()))
    core.loads.add(copying)
    return copying.finally(() => core.loads.delete(copying))
  }

  private addPut(batch: WriteBatch, key: K, value: V, ttlMs: number | undefined): void {
    const expiresAtMs =
      ttlMs === undefined ? undefined : expiryOf(ttlMs, this.readCore.clock.wallMs())
    const kind = expiresAtMs === undefined ? ValueKind.put : ValueKind.putWithExpiry
    batch.begin(kind, defaultKeyspace)
    let hasKey = false
    try {
      this.keyEncoding.write(key, batch)
      batch.endKey()
      hasKey = true
      if (expiresAtMs !== undefined) batch.writeExpiry(expiresAtMs)
      this.valueEncoding.write(value, batch)
      batch.end()
    } catch (error) {
      batch.cancel()
      throw hasKey
        ? valueError(error, key, this.valueEncoding)
        : keyError(error, key, this.keyEncoding)
    }
  }

  private addDelete(batch: WriteBatch, key: K): void {
    batch.begin(ValueKind.delete, defaultKeyspace)
    let hasKey = false
    try {
      this.keyEncoding.write(key, batch)
      batch.endKey()
      hasKey = true
      batch.end()
    } catch (error) {
      batch.cancel()
      throw hasKey ? error : keyError(error, key, this.keyEncoding)
    }
  }

  private addAll(batch: WriteBatch, operations: readonly BatchOperation<K, V>[]): void {
    if (!Array.isArray(operations)) throw invalidArgument('batch takes an array of operations')
    const mark = batch.mark()
    let index = 0
    try {
      for (; index < operations.length; index++) {
        const operation = operations[index] as BatchOperation<K, V>
        requireObject(operation, 'an operation of a batch')
        if (operation.type === 'put') {
          this.addPut(batch, operation.key, operation.value, operation.ttlMs)
        } else if (operation.type === 'del') this.addDelete(batch, operation.key)
        else throw invalidArgument(`an operation's type must be 'put' or 'del'`)
      }
    } catch (error) {
      batch.rollback(mark)
      throw atIndex(error, 'operations', index)
    }
  }

  private boundsOf(range: RangeOptions<K>): KeyRange {
    requireObject(range, 'a range')
    checkRangeOptions(range)
    return rangeOf(range, this.keyEncoding)
  }
}

/** The type of a view's keys or values: that of its encoding if one was given, otherwise `T`. */
export type ViewOf<E extends EncodingOption | undefined, T> = E extends EncodingOption
  ? Decoded<E>
  : T
