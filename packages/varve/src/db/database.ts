import { inspect, type InspectOptions } from 'node:util'
import { type CheckpointReport, writeCheckpoint } from '../backup/checkpoint.js'
import { type BackupReport, makeBackup } from '../backup/make-backup.js'
import { closedError } from '../base/errors.js'
import { Yielder } from '../base/yielder.js'
import type { Decoded, EncodingOption } from '../batch/encoding.js'
import { recordClose } from '../fs/lock/closes-under-way.js'
import type { DatabaseEvents, Stats, WriteOptions } from './api.js'
import type { AnyStore, KeyspaceInfo, KeyspaceOptions } from './keyspace-types.js'
import { Keyspace } from './keyspace.js'
import { listKeyspaces } from './keyspaces/find-keyspace.js'
import { flushAll } from './open/manual-compaction.js'
import { channels } from './events/channels.js'
import { closeDatabase, type DatabaseState } from './open/close-database.js'
import { withCopySource } from './open/copy-source.js'
import type { DatabaseParts } from './open/database-parts.js'
import { Follower } from './open/follower.js'
import { openDatabase } from './open/open-database.js'
import { inspected } from './read/inspection.js'
import { pathOf, requireFunction } from './options/arguments.js'
import { resolveKeyspaceOptions } from './options/keyspace-options.js'
import { type ResolvedOptions, withEncodings } from './options/open-options.js'
import { collectStats } from './open/stats.js'
import { Store } from './store.js'
import { AtomicOperation } from './transaction/atomic-operation.js'
import { IndexedWriteBatch } from './transaction/indexed-write-batch.js'
import { OpenBatch } from './transaction/open-batch.js'
import { OpenTransaction } from './transaction/open-transaction.js'
import {
  checkTransactionOptions,
  runTransaction,
  runTransactionSync,
  type TransactionOptions,
} from './transaction/run-transaction.js'
import { Transaction, type TransactionStore } from './transaction/transaction.js'
import { syncOf } from './write/write-options.js'

/**
 * An open database. Methods return a promise, except those whose name ends in `Sync`, and `stats`,
 * `levels`, `snapshot` and `for` over a range.
 *
 * A write is visible to reads once its promise has resolved or its `…Sync` method has returned.
 */
export class Database<K, V> extends Store<K, V> implements AsyncDisposable {
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
    super(parts, parts.core)
  }

  /** The directory, with symbolic links resolved. */
  get path(): string {
    return this.parts.path
  }

  /**
   * The same open database with other encodings. Encodings that you leave out stay the same. The
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
   * Opens a keyspace of this database: a store with its own keys, encodings, compaction and default
   * TTL. Creates the keyspace if the database has none of that name. All keyspaces share one log,
   * so a `batch` is atomic across them, and one memory budget. Opening a keyspace twice returns the
   * same one.
   *
   * ```ts
   * const users = await db.keyspace('users', { valueEncoding: json<User>() })
   * await db.batch([
   *   { type: 'put', key: 'lastUser', value: 'ann' },
   *   { keyspace: users, type: 'put', key: 'ann', value: { name: 'Ann' } },
   * ])
   * ```
   *
   * @throws INVALID_ARGUMENT if it was created with other encodings, or if it does not exist and
   * `createIfMissing` is false; CLOSED, IO, POISONED
   */
  async keyspace<
    const KE extends EncodingOption | undefined = undefined,
    const VE extends EncodingOption | undefined = undefined,
  >(
    name: string,
    options: KeyspaceOptions<KE, VE> = {},
  ): Promise<Keyspace<ViewOf<KE, K>, ViewOf<VE, V>>> {
    const { parts } = this
    parts.core.assertOpen()
    const resolved = resolveKeyspaceOptions(name, options, parts.options)
    return Keyspace.open<ViewOf<KE, K>, ViewOf<VE, V>>(parts, resolved)
  }

  /** The keyspaces other than the default one, in the order of their creation. */
  keyspaces(): KeyspaceInfo[] {
    this.parts.core.assertOpen()
    const { versions, trees } = this.parts.current.state
    return listKeyspaces(versions, trees, this.parts.keyspaces)
  }

  /**
   * Runs `work` in a serializable transaction and commits it when `work` ends. If the commit
   * conflicts with another one, `work` runs again, up to `retries` times, so it must not do
   * anything that cannot be repeated. If `work` throws, nothing is written.
   *
   * ```ts
   * await db.transaction(async (tx) => {
   *   const balance = (await tx.get('alice')) ?? 0
   *   await tx.put('alice', balance - 10)
   * })
   * ```
   *
   * @throws what `work` throws; CONFLICT after the last retry; ABORTED by `signal`; and the errors
   * of `Transaction.commit`
   */
  async transaction<T>(
    work: (tx: Transaction<K, V>) => Promise<T> | T,
    options: TransactionOptions = {},
  ): Promise<T> {
    requireFunction(work, 'the work of a transaction')
    const checked = checkTransactionOptions(options)
    return runTransaction(() => this.begin(), work, checked, this.readCore.clock)
  }

  /** Like `transaction`, for synchronous work. It has committed when it returns. */
  transactionSync<T>(work: (tx: Transaction<K, V>) => T, options?: WriteOptions): T {
    requireFunction(work, 'the work of a transaction')
    const sync = syncOf(options)
    this.pipeline().settleBlocking()
    return runTransactionSync(this.begin(), work, sync)
  }

  /** Begins a transaction that you commit or roll back yourself; see `Transaction`. */
  begin(): Transaction<K, V> {
    const { pipeline } = this.writer()
    const { maxTransactionBytes } = this.parts.options
    const { snapshots } = this.parts.current.state
    const assertOpen = (): void => this.readCore.assertOpen()
    const open = new OpenTransaction({ pipeline, snapshots, maxTransactionBytes, assertOpen })
    return new Transaction<K, V>(open, this.partOf(this), (keyspace) => this.partOf(keyspace))
  }

  /** Begins a batch that can be read before it is committed: see `IndexedWriteBatch`. */
  indexedBatch(): IndexedWriteBatch<K, V> {
    const { pipeline } = this.writer()
    const { maxTransactionBytes } = this.parts.options
    const assertOpen = (): void => this.readCore.assertOpen()
    const open = new OpenBatch({ pipeline, maxTransactionBytes, assertOpen })
    return new IndexedWriteBatch<K, V>(open, this.partOf(this), (keyspace) => this.partOf(keyspace))
  }

  /** Collects checks and writes to commit together: see `AtomicOperation`. */
  atomic(): AtomicOperation<K, V> {
    const steps = {
      begin: (): Transaction<unknown, unknown> => this.begin(),
      nameOf: (keyspace: AnyStore) => this.partOf(keyspace).core.keyspaceName,
      checks: [],
      writes: [],
    }
    return new AtomicOperation<K, V>(steps, (tx) => tx as TransactionStore<K, V>)
  }

  /**
   * Catches up with the owner of the directory, if this database was opened with `readOnly: true`.
   * Afterwards reads see everything that the owner acknowledged before the call; open snapshots and
   * iterators do not. Blocks the thread while it reads: the new commits in the logs or, if there
   * are new tables, the whole logs, like `open`. Does nothing in a database that owns its
   * directory.
   *
   * @throws CLOSED, CORRUPTION, IO. After an error, reads see the same state as before.
   */
  async refresh(): Promise<void> {
    this.parts.core.assertOpen()
    return Promise.resolve(this.parts.follower?.refresh())
  }

  /** Writes the memtables of all keyspaces to tables. */
  override async flush(): Promise<void> {
    await flushAll(this.parts.core, this.writer())
  }

  /**
   * Creates an independent database in `directory`, which must be missing or empty. It holds
   * everything submitted before the call, in all keyspaces. Where the file system supports it,
   * tables are hard-linked instead of copied, which takes little time and space. Writes, flushes
   * and compactions continue meanwhile. Afterwards you can write to both databases.
   *
   * When it resolves, the checkpoint survives power loss. If it fails or the process dies,
   * `directory` is unchanged. A folder next to it whose name ends in `.tmp` may remain; you can
   * delete it.
   *
   * ```ts
   * await db.checkpoint('./before-the-upgrade')
   * ```
   *
   * @throws INVALID_ARGUMENT if `directory` is not empty; CLOSED if the database closes meanwhile;
   * CORRUPTION, IO; POISONED if a failed sync has damaged a log
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
   * if needed. The directory may hold any number of backups. `varve restore`, or `restoreBackup` of
   * `varve/tools`, restores any of them. Tables that an earlier backup holds are read but not
   * copied again; every copy is read back and checked. Writes, flushes and compactions continue
   * meanwhile. The files to copy are kept until the backup ends.
   *
   * When it resolves, the backup survives power loss. If it fails or the process dies, the backup
   * directory holds the same backups as before.
   *
   * @throws LOCKED if another backup is being made there; INVALID_ARGUMENT if the directory holds
   * something else; CLOSED if the database closes meanwhile; CORRUPTION for a damaged table or log;
   * IO; POISONED if a failed sync has damaged a log
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
   * Starts no more compactions until `resumeCompaction` or `close`, to leave the disk and the
   * processor to something else. Resolves when no compaction is running. Flushes continue and
   * `compact()` still works. Writes are not held back for level 0, so tables accumulate there and
   * reads must search more of them. If called right after `open`, before the next turn of the event
   * loop, it also prevents the compactions that are due at open.
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

  /** Counters and figures of this database. Takes a few microseconds. */
  stats(): Stats {
    this.parts.core.assertOpen()
    return collectStats(this.parts)
  }

  /**
   * Adds a listener for an event of the background work. An 'error' event without a listener is not
   * thrown. An exception in a listener is not caught.
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
   * Waits for pending writes, makes everything durable, aborts background work (the next open
   * resumes it) and releases the directory. From the call on, iterators and snapshots throw CLOSED.
   * Calling it again does nothing. `open` and `destroy` wait for a close in progress.
   */
  close(): Promise<void> {
    const { state, parts } = this
    return (state.closing ??= recordClose(
      parts.options.fs,
      parts.path,
      closeDatabase(parts, state),
    ))
  }

  /** Like `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** The text that `console.log` shows. */
  [inspect.custom](depth: number, options: InspectOptions): string {
    const { path } = this
    const { keyEncoding, valueEncoding } = this.parts.options
    const encodings = { keyEncoding: keyEncoding.name, valueEncoding: valueEncoding.name }
    const fields = { path, ...encodings, isOpen: !this.state.isClosed }
    return inspected('Database', fields, depth, options)
  }

  /** Runs `work`, which copies files. `close` makes it end early and waits for it. */
  private copying<T>(work: (yielder: Yielder) => Promise<T>): Promise<T> {
    const { core, options, writer } = this.parts
    const check = (): void => core.assertOpen()
    const commits = (): number => writer?.pipeline.commits ?? 0
    const copying = work(new Yielder(options.clock, check, commits))
    core.loads.add(copying)
    return copying.finally(() => core.loads.delete(copying))
  }
}

/** The type of a view's keys or values: that of the encoding, if one was passed, otherwise `T`. */
export type ViewOf<E extends EncodingOption | undefined, T> = E extends EncodingOption
  ? Decoded<E>
  : T
