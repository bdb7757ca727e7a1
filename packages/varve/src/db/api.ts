import type { FileSystem } from '../fs/file-system.js'
import type { Clock } from '../base/clock.js'
import type { EncodingOption } from '../batch/encoding.js'
import type { CodecsByLevel, UserBlockCodec } from '../sstable/block/block-codec.js'
import type { FilterAllocation } from '../compaction/jobs/filter-allocation.js'
import type {
  CompactionOptions,
  CompactionPolicy,
} from '../compaction/pickers/compaction-options.js'
import type { KeyspaceStats } from './keyspace-stats.js'
import type { PolicyChange, StallCause, StallStats } from './event-types.js'

/** When an acknowledged write is safe; see `OpenOptions.durability`. */
export type Durability = 'os' | 'sync' | { intervalMs: number }

/** Which thread flushes and compacts; see `OpenOptions.background`. */
export type BackgroundOption =
  | 'thread'
  | 'inline'
  | {
      /** Default: `'thread'`. */
      mode?: 'thread' | 'inline'
      /**
       * The number of background jobs that may run at the same time for this database: 1 to 8, or 1
       * when inline. Default: 1. All databases of a process share one pool of worker threads, which
       * grows to the largest number that any of them sets.
       */
      threads?: number
      /**
       * Limit on the bytes per second that flushes and compactions write in total: 65,536 to 2^50.
       * Flushes have priority. With inline jobs, the calling thread sleeps. Default: no limit.
       */
      bytesPerSecond?: number
      /**
       * On Linux, how far the priority of the worker threads is below that of the thread that opens
       * the database: 0 to 19. When all processors are busy, the application then runs first. Above
       * 10, compactions may starve on a busy machine until writes are held back. Default: 5.
       */
      niceness?: number
    }

/** Options with encodings of any type. */
export type AnyOpenOptions = OpenOptions<EncodingOption, EncodingOption>

export type { CodecsByLevel, UserBlockCodec }

/**
 * Options of `open`. An unknown option or a value out of range fails with `INVALID_ARGUMENT`; the
 * message names the option and the allowed values.
 */
export interface OpenOptions<
  KE extends EncodingOption = 'utf8',
  VE extends EncodingOption = 'utf8',
> {
  /**
   * Create the database if the directory holds none.
   *
   * Default: true.
   */
  createIfMissing?: boolean
  /**
   * Fail if the directory already holds a database.
   *
   * Default: false.
   */
  errorIfExists?: boolean
  /**
   * Open without becoming the owner. The owner can keep writing; call `refresh` to see its new
   * writes. The reader changes no file except its lease, which keeps the owner from deleting the
   * files that the reader uses.
   *
   * Default: false.
   */
  readOnly?: boolean
  /**
   * How keys become bytes. Keys sort by these bytes, unsigned.
   *
   * Values: `'utf8'`, `'json'`, `'binary'`, a `Codec` (`{ name, encode, decode }`), or an
   * `Encoding` (`{ name, write, read }`), which writes in place and so avoids a copy. Default:
   * `'utf8'`.
   *
   * `'utf8'` refuses text that UTF-8 cannot represent. It does not check the bytes that it reads:
   * invalid UTF-8 is read as U+FFFD. Do not write such a key back. Use `withEncodings({
   * keyEncoding: 'binary' })` to read the bytes themselves.
   */
  keyEncoding?: KE
  /**
   * How values become bytes. `json<T>()` is `'json'` with a type, which is not checked at run time.
   *
   * Values: as for `keyEncoding`. Default: `'utf8'`.
   */
  valueEncoding?: VE
  /**
   * When an acknowledged write is safe. `'os'`: it survives the process, even `kill -9`; a crash of
   * the operating system may lose the newest writes, but never leaves a gap. `'sync'`: it survives
   * power loss. `{ intervalMs }`: like `'os'`, and synced at least once per interval. See
   * [Durability](../../../../docs/DURABILITY.md).
   *
   * Values: `'os'`, `'sync'`, `{ intervalMs: 1 to 3,600,000 }`. Default: `'os'`.
   */
  durability?: Durability
  /**
   * Bytes of memory for the database: a quarter for memtables, a quarter for the filters and
   * indexes of open tables, the rest for cached blocks and commit buffers. If you set
   * `memtableBytes` or `cacheBytes` as well, that part keeps the size you set. Iterators and
   * snapshots can hold more for a while, and Node itself needs about 40 MB. `stats().memory` has
   * the current figures.
   *
   * Values: 4 MiB to 2^40. Default: none, each part has its own default.
   */
  memoryBytes?: number
  /**
   * Bytes of writes to collect in memory before they are flushed to a table. Larger memtables mean
   * fewer flushes, less compaction and a longer replay at open. Up to three memtables can exist at
   * the same time.
   *
   * Values: 4 KiB to 1 GiB. Default: 64 MiB, or 1/12 of `memoryBytes`.
   */
  memtableBytes?: number
  /**
   * Bytes of table blocks to keep in memory.
   *
   * Values: 0 to 2^40. Default: 64 MiB, or 45% of `memoryBytes`.
   */
  cacheBytes?: number
  /**
   * Size at which a block of a table is finished, before compression.
   *
   * Values: 256 B to 1 MiB. Default: 4096.
   */
  blockBytes?: number
  /**
   * Size at which a compaction starts the next table.
   *
   * Values: 4 KiB to 4 GiB. Default: 32 MiB.
   */
  tableBytes?: number
  /**
   * Bits per key of the Bloom filters; 0 means no filters. With 10, about 1% of the lookups of
   * absent keys read a block.
   *
   * Values: 0 to 32. Default: 10.
   */
  filterBitsPerKey?: number
  /**
   * How the filter bits are distributed. `'monkey'`: keys of small runs get more (at most 20, or
   * `filterBitsPerKey` if that is larger), and keys of the last level get slightly fewer. In the
   * same memory, lookups of absent keys read 25% to 50% fewer blocks ("Monkey: Optimal Navigable
   * Key-Value Store", Dayan, Athanassoulis and Idreos, SIGMOD 2017). `'uniform'`: every key gets
   * the same. A change applies to tables written from then on.
   *
   * Values: `'monkey'`, `'uniform'`. Default: `'monkey'`.
   */
  filterAllocation?: FilterAllocation
  /**
   * Compression of blocks: one codec for all levels, or an object that names codecs by level.
   * `'lz4hc'` is smaller than `'lz4'` and slower to write.
   * See [Tuning](../../../../docs/TUNING.md#compression).
   *
   * Values: `'none'`, `'lz4'`, `'lz4hc'`, `'zstd'` (Node 22.15 or later), `'deflate'`, a name in
   * `codecs`, or an object of these.
   * Default: `{ level0: 'lz4', upper: 'lz4', last: 'lz4', compact: 'lz4hc' }`.
   */
  codec?: string | CodecsByLevel
  /**
   * Compressions that you provide. Reading a table requires the codec that wrote it.
   *
   * Values: a list of `{ id, name, compress, decompress, module }`, with ids from 64 to 255.
   * Default: none.
   */
  codecs?: readonly UserBlockCodec[]
  /**
   * Compaction policy. `'leveled'` favours reads and space, `'sizeTiered'` favours writes, and
   * `'lazyLeveled'` favours writes and space. `'adaptive'` chooses among these three. `'fifo'`
   * merges nothing and drops the oldest tables. The policy may change from one open to the next;
   * `setCompaction` changes it while the database is open. See
   * [Tuning](../../../../docs/TUNING.md).
   *
   * Values: the name of a policy, or an object with its name and thresholds. Default: `'leveled'`.
   */
  compaction?: CompactionPolicy | CompactionOptions
  /**
   * Which thread flushes and compacts. `'thread'`: a worker thread, in parallel with the
   * application. `'inline'`: the calling thread; a write that fills the memtable waits for the
   * flush.
   *
   * Values: `'thread'`, `'inline'`, or `{ mode, threads, bytesPerSecond, niceness }`. Default:
   * `'thread'`.
   */
  background?: BackgroundOption
  /**
   * Milliseconds that a write may be held back before it fails with `ABORTED`. The failed write has
   * no effect.
   *
   * Values: 1 to 86,400,000. Default: 600,000.
   */
  maxStallMs?: number
  /**
   * Bytes of memory that one transaction may use for its writes and for the record of its reads.
   *
   * Values: 64 KiB to 4 GiB. Default: 64 MiB.
   */
  maxTransactionBytes?: number
  /**
   * Table files to keep open, with their filters and indexes in memory. `memoryBytes` can reduce
   * it.
   *
   * Values: 16 to 100,000. Default: 1000.
   */
  maxOpenTables?: number
  /**
   * How asynchronous reads fetch blocks that are not in the cache. `'auto'`: with synchronous reads
   * while they are fast (about 2 µs if the operating system has cached the page), and through the
   * thread pool while they are slow. `'sync'` and `'async'`: always one or the other. Synchronous
   * methods always read synchronously.
   *
   * Values: `'auto'`, `'sync'`, `'async'`. Default: `'auto'`.
   */
  coldReads?: 'auto' | 'sync' | 'async'
  /**
   * Verify every table at open, and the output of every compaction.
   *
   * Default: false.
   */
  paranoid?: boolean
  /**
   * The file system that holds the files. If other threads cannot reach it, set `background:
   * 'inline'`. For an in-memory database, pass a `MemoryFileSystem` of `varve/testing`.
   *
   * Values: a `FileSystem`. Default: the disk.
   */
  fileSystem?: FileSystem
  /**
   * The source of time, for tests.
   *
   * Values: a `Clock`. Default: the clock of the system.
   */
  clock?: Clock
}

/** Options of a write. */
export interface WriteOptions {
  /**
   * Resolve only when the write survives power loss, regardless of `durability`. Default: false.
   */
  sync?: boolean
}

/** Options of `put` and `putSync`. */
export interface PutOptions extends WriteOptions {
  /**
   * Time to live in milliseconds of the wall clock, above 0 and at most 2^46. Afterwards the key
   * has no value, as if it had been deleted, also in snapshots. Default: the value does not expire.
   */
  ttlMs?: number
}

/** A value and the version of its key; see `getWithVersion`. */
export interface VersionedValue<V> {
  value: V | undefined
  /** Null if the key has no value. */
  version: number | null
}

/** Options of a read. */
export interface ReadOptions {
  /** A snapshot of this database to read from. Default: the newest state. */
  snapshot?: { readonly sequence: number } & Disposable
}

/** An operation of a `batch`. For `ttlMs`, see `PutOptions`. */
export type BatchOperation<K, V> =
  { type: 'put'; key: K; value: V; ttlMs?: number } | { type: 'del'; key: K }

/** A range of keys. Give at most one of `gt` and `gte`, and of `lt` and `lte`. */
export interface RangeOptions<K> {
  gt?: K
  gte?: K
  lt?: K
  lte?: K
  /** Only keys whose encoded bytes start with the encoded bytes of this one. */
  prefix?: K
}

/** Progress of `compact`. */
export interface CompactProgress {
  /** The level whose tables are being merged into deeper ones. */
  level: number
  /** Bytes of tables read so far, and in total. The total is an estimate and may grow. */
  readBytes: number
  totalBytes: number
}

/** Options of `compact`. */
export interface CompactOptions {
  /** Aborts the call with `ABORTED`. Finished compactions stay; a running one has no effect. */
  signal?: AbortSignal
  /** Called when a level starts and ends, and at intervals in between. */
  onProgress?: (progress: CompactProgress) => void
}

/**
 * Options of `entries`, `keys` and `values`. Without `snapshot`, an iterator sees the state at its
 * start.
 */
export interface IterateOptions<K> extends RangeOptions<K>, ReadOptions {
  /** Iterate from the last key to the first. Default: false. */
  reverse?: boolean
  /** The most entries to return. Default: no limit. */
  limit?: number
}

/** The part of an entry that is returned. */
export type Projection = 'entries' | 'keys' | 'values'

/** Options of `cursor`. Without `snapshot`, a cursor sees the state at its creation. */
export interface CursorOptions<K, P extends Projection = Projection>
  extends RangeOptions<K>, ReadOptions {
  /** Move from the last key to the first. Default: false. */
  reverse?: boolean
  /** Default: `'entries'`. */
  projection?: P
}

/** What a cursor returns. */
export type Projected<P extends Projection, K, V> = { entries: [K, V]; keys: K; values: V }[P]

export type * from './event-types.js'
export type * from './keyspace-stats.js'

/** A level of the tree and its tables, as `levels` returns it. */
export interface LevelInfo {
  level: number
  sizeBytes: number
  /** Number of sorted runs. On level 0, each table is a run. */
  runs: number
  /**
   * Size at which the level is compacted into the next one; 0 if its size does not trigger that.
   */
  targetBytes: number
  /** A compaction is due at 1 and above. */
  score: number
  tables: TableInfo[]
}

/** A memtable, as `memtables` returns it. */
export interface MemTableInfo {
  /** It takes no more writes and waits for its flush. */
  isSealed: boolean
  entryCount: number
  /** Bytes in use, of `capacityBytes`. */
  usedBytes: number
  capacityBytes: number
}

/** A table, as the MANIFEST describes it. */
export interface TableInfo {
  fileNumber: number
  sizeBytes: number
  entryCount: number
  deleteCount: number
  rangeDeleteCount: number
  /** Number of entries with a time to live. */
  expiringCount: number
  /** When the last of them expires, in milliseconds since 1970; 0 if the table has none. */
  lastExpiryMs: number
  /** Entries that a newer entry in the same table hides. They were kept for a snapshot. */
  shadowedCount: number
  /** Bytes of their keys and values. */
  shadowedBytes: number
  /** First key of the table's range, encoded. */
  smallestKey: Uint8Array
  /** Exclusive end of the range, encoded; null if it has none. */
  endKey: Uint8Array | null
  minSequence: number
  maxSequence: number
  /** Number of its sorted run within the level; higher is newer. 0 on level 0. */
  run: number
  /** When the file was written, in milliseconds since 1970; 0 if unknown. */
  writtenAtMs: number
}

/** Figures of an open database, as `stats` returns them. Counts and times start at `open`. */
export interface Stats {
  /** Highest sequence that reads see. It counts the writes since the database was created. */
  sequence: number
  /** Bytes written since open. `user` counts the keys and values passed to put, del and clear. */
  bytes: { user: number; log: number; flush: number; compaction: number; compactionRead: number }
  amplification: {
    /** (log + flush + compaction) / user, since open. */
    write: number
    /** Table blocks searched per point read since open, cached or not. */
    read: number
    /** Bytes of all tables / bytes of the oldest run: how much space garbage takes, at most. */
    space: number
  }
  operations: {
    /** Puts, deletes and range deletes committed. */
    writes: number
    /** Commit groups. */
    commits: number
    /** Keys looked up. */
    gets: number
    /** Iterators started. */
    scans: number
    /** Entries that finished iterators returned. */
    scannedEntries: number
  }
  cache: { hits: number; misses: number; usedBytes: number; capacityBytes: number }
  /**
   * `useful`: probes that saved a block read. `falsePositives`: probes that let an absent key pass.
   */
  filters: { probes: number; useful: number; falsePositives: number }
  /**
   * Bytes of memory by part; `total` is their sum. `threads`: heap and buffers of the background
   * threads at the end of their last job. Databases of a process share them; each reports all.
   */
  memory: {
    memtables: number
    cache: number
    tables: number
    commitBuffers: number
    threads: number
    total: number
  }
  /**
   * Counted since open. `memoryBytes`: memory of open transactions and of the index of conflicts.
   */
  transactions: { open: number; commits: number; conflicts: number; memoryBytes: number }
  /** How often writes were held back, and for how long in total. */
  stalls: StallStats & { byCause: Record<StallCause, StallStats> }
  flushes: {
    count: number
    timeMs: number
    /**
     * Why no job can run: repeated failures or a full disk. Writes that wait for one fail with it.
     */
    failure: string | undefined
  }
  compactions: {
    /** The policy in force. */
    policy: CompactionPolicy
    /** Whether 'adaptive' chose it. */
    adaptive: boolean
    /** The latest changes of the policy, oldest first. */
    policyChanges: PolicyChange[]
    count: number
    moves: number
    /** Compactions that dropped whole tables. */
    drops: number
    timeMs: number
    running: number
    /** Whether `pauseCompaction` is in force. */
    paused: boolean
    /**
     * Why no job can run: repeated failures or a full disk. Writes that wait for one fail with it.
     */
    failure: string | undefined
    /** Bytes that compactions must rewrite until no level is over its limit. */
    debtBytes: number
  }
  tables: { count: number; sizeBytes: number; open: number }
  /** What `open` found in the logs. The dropped bytes were never acknowledged as durable. */
  recovery: { replayedRecords: number; tornTails: number; droppedBytes: number }
  /** The number of keyspaces, including the default one. */
  keyspaces: number
  snapshots: number
  iterators: number
  backgroundErrors: number
}

/** The part of an open database that monitoring needs. */
export interface WatchedDatabase {
  /** The directory, with symbolic links resolved. */
  readonly path: string
  /** @throws CLOSED */
  stats(): Stats
  /** @throws CLOSED */
  levels(): LevelInfo[]
  /** @throws CLOSED */
  keyspaces(): readonly (KeyspaceStats & { readonly name: string })[]
}

export type { FilterProbes } from '../sstable/format/bloom-filter.js'
export type { IndexSearchStep } from '../sstable/table-index.js'
export type { Explanation, ExplainOptions, ExplainStep } from '../tree/explain.js'
