import type { FileSystem } from '../fs/file-system.js'
import type { Clock } from '../base/clock.js'
import type { VarveError } from '../base/errors.js'
import type { EncodingOption } from '../batch/encoding.js'
import type { BlockCodec } from '../sstable/block/codec.js'
import type { FilterAllocation } from '../compaction/jobs/filter-allocation.js'
import type {
  CompactionOptions,
  CompactionPolicy,
} from '../compaction/pickers/compaction-options.js'
import type { CompactionKind } from '../compaction/pickers/compaction-spec.js'

/** When an acknowledged write is safe from what; see `OpenOptions.durability`. */
export type Durability = 'os' | 'sync' | { intervalMs: number }

/** Which thread flushes and compacts; see `OpenOptions.background`. */
export type BackgroundOption =
  | 'thread'
  | 'inline'
  | {
      /** Default 'thread'. */
      mode?: 'thread' | 'inline'
      /** Worker threads, 1 to 8; inline: 1. Default 1. */
      threads?: number
      /**
       * Bound on what flushes and compactions write together, in bytes a second; 65,536 to 2^50. Flushes
       * go first. Inline, the calling thread sleeps. Default: none.
       */
      bytesPerSecond?: number
      /**
       * By how much worker threads are nicer than the thread that opens the database, where threads have
       * a niceness of their own (Linux): it and what it serves goes first when there are more busy threads
       * than processors. 0 to 19; default 5. More than 10 starves compactions on a busy machine, and
       * writes are held back.
       */
      niceness?: number
    }

/** Options with encodings of whatever type. */
export type AnyOpenOptions = OpenOptions<EncodingOption, EncodingOption>

/** A compression of blocks that the user brings. */
export interface UserBlockCodec extends BlockCodec {
  /**
   * Specifier of a module whose export `codec` is this codec. The background thread imports it, as
   * functions cannot travel between threads; required unless `background` is 'inline'.
   */
  readonly module?: string
}

/** Options of `open`. One that is unknown or out of range is refused with INVALID_ARGUMENT, which names it. */
export interface OpenOptions<
  KE extends EncodingOption = 'utf8',
  VE extends EncodingOption = 'utf8',
> {
  /** Create the database when the directory holds none. Default true. */
  createIfMissing?: boolean
  /** Refuse when the directory holds a database. Default false. */
  errorIfExists?: boolean
  /**
   * Read what is there, without being the owner: a living one may go on writing, and `refresh` catches up
   * with it. Nothing in the directory is changed but a lease, a file of the reader's own by which the owner
   * leaves alone what it reads. Default false.
   */
  readOnly?: boolean
  /**
   * How keys become bytes; keys sort by these bytes. A name, a `Codec`, or an `Encoding`, which is a
   * codec that spares the copies. Default 'utf8'.
   */
  keyEncoding?: KE
  /** How values become bytes. Default 'utf8'. */
  valueEncoding?: VE
  /**
   * 'os' (default): an acknowledged write survives the death of the process; a crash of the operating
   * system may lose a tail, never a hole. 'sync': it survives power loss. `{ intervalMs }`: as 'os', and
   * synced at least that often (1 ms to 1 h).
   */
  durability?: Durability
  /** Bytes collected in memory before they are flushed to a table. 4 KiB to 1 GiB; default 64 MiB. */
  memtableBytes?: number
  /** Bytes of table blocks kept in memory. 0 to 2^40; default 64 MiB. */
  cacheBytes?: number
  /** Size at which a block of a table is closed. 256 B to 1 MiB; default 4096. */
  blockBytes?: number
  /** Size at which compaction starts the next table. 4 KiB to 4 GiB; default 32 MiB. */
  tableBytes?: number
  /** Bits of Bloom filter for each key; 0 to 32, 0 is no filter; default 10 (about 1% false positives). */
  filterBitsPerKey?: number
  /**
   * How these bits are shared out. 'monkey' (default): a key of a small run gets more, one of the last
   * level somewhat fewer, so that fewer absent keys get through with the same memory ("Monkey", Dayan,
   * Athanassoulis and Idreos, SIGMOD 2017); 20 at most, or `filterBitsPerKey` if that is more. 'uniform':
   * every key gets as many. It counts for tables written from now on.
   */
  filterAllocation?: FilterAllocation
  /** Compression of blocks: 'none' (default), 'deflate', or the name of one in `codecs`. */
  codec?: string
  /** Compressions of the user's own; needed to read tables that were written with them. */
  codecs?: readonly UserBlockCodec[]
  /**
   * Compaction policy: 'leveled' (default; reads and space), 'sizeTiered' (writes), 'lazyLeveled' (writes
   * and space), 'adaptive' (one of these three, by what the database is used for), 'fifo' (nothing is
   * merged, the oldest tables go), or an object with its name and thresholds. It may differ from open to open, and change meanwhile: see `setCompaction`.
   */
  compaction?: CompactionPolicy | CompactionOptions
  /**
   * 'thread' (default): a worker thread flushes and compacts beside the application. 'inline': the
   * calling thread does, and a write that fills the memtable waits for it.
   */
  background?: BackgroundOption
  /**
   * How long a write may be held back, in milliseconds, before it fails with ABORTED and leaves nothing.
   * 1 to 86,400,000 (a day); default 600,000.
   */
  maxStallMs?: number
  /** Table files held open. 16 to 100,000; default 1000. */
  maxOpenTables?: number
  /**
   * How asynchronous reads fetch blocks that are not in the cache. 'auto' (default): with a synchronous
   * read, which takes about 2 µs when the operating system has the page, as long as these prove quick;
   * through the thread pool while they are slow. 'sync' or 'async': always the one or the other.
   * Synchronous methods always read synchronously.
   */
  coldReads?: 'auto' | 'sync' | 'async'
  /** Verify every table at open and every compaction's output. Default false. */
  paranoid?: boolean
  /** Where files live; default the disk. Another one needs `background: 'inline'`. */
  fileSystem?: FileSystem
  /** Source of time, for tests. */
  clock?: Clock
}

/** Options of a write. */
export interface WriteOptions {
  /** Settle only when the write would survive power loss, whatever `durability` says. */
  sync?: boolean
}

/** Options of `put` and `putSync`. */
export interface PutOptions extends WriteOptions {
  /**
   * Time to live, in milliseconds by the wall clock, above 0 and up to 2^46: from then on the key has no
   * value, as if it were deleted at that moment, for snapshots too. Default: it lives until it is
   * overwritten or deleted.
   */
  ttlMs?: number
}

/** Options of a read. */
export interface ReadOptions {
  /** Read what this snapshot of the database sees. Default: what is there now. */
  snapshot?: { readonly sequence: number } & Disposable
}

/** One of the operations of a `batch`; `ttlMs` as in `PutOptions`. */
export type BatchOperation<K, V> =
  { type: 'put'; key: K; value: V; ttlMs?: number } | { type: 'del'; key: K }

/** Which keys: at most one of `gt`/`gte` and of `lt`/`lte`; `prefix` narrows further. */
export interface RangeOptions<K> {
  gt?: K
  gte?: K
  lt?: K
  lte?: K
  /** Keys that start with these (encoded) bytes. */
  prefix?: K
}

/** How far a `compact` is. */
export interface CompactProgress {
  /** Level whose tables are being taken further down. */
  level: number
  /** Bytes of tables that have been read, of those that are to be: an estimate, which may grow. */
  readBytes: number
  totalBytes: number
}

/** Options of `compact`. */
export interface CompactOptions {
  /** Gives up with ABORTED. What was finished stays, what was under way leaves nothing. */
  signal?: AbortSignal
  /** Called when a level begins and ends, and in between now and then. */
  onProgress?: (progress: CompactProgress) => void
}

/** Without `snapshot` a walk sees what is there when it begins. */
export interface IterateOptions<K> extends RangeOptions<K>, ReadOptions {
  /** From the last key to the first. Default false. */
  reverse?: boolean
  /** At most this many entries. Default: all. */
  limit?: number
}

/** What of an entry a walk gives. */
export type Projection = 'entries' | 'keys' | 'values'

/** Without `snapshot` a cursor sees what is there when it is made. */
export interface CursorOptions<K, P extends Projection = Projection>
  extends RangeOptions<K>, ReadOptions {
  /** From the last key to the first. Default false. */
  reverse?: boolean
  /** Default 'entries'. */
  projection?: P
}

/** What a cursor gives. */
export type Projected<P extends Projection, K, V> = { entries: [K, V]; keys: K; values: V }[P]

/** A memtable has been written to a table of level 0. */
export interface FlushEvent {
  /** Number of the table written, or undefined when every entry was dropped. */
  fileNumber: number | undefined
  entryCount: number
  /** Entries that were not written, since nobody could have read them. */
  droppedEntries: number
  sizeBytes: number
  durationMs: number
}

/** Tables have been compacted. */
export interface CompactionEvent {
  /** Merged into new tables, moved to another level as they are, or dropped for good. */
  kind: CompactionKind
  reason: string
  inputLevels: number[]
  outputLevel: number
  inputTables: number
  outputTables: number
  /**
   * Entries that were not written again, since nobody can read them any more: overwritten, deleted, or
   * deletes of what is gone. 0 where tables go as they are.
   */
  droppedEntries: number
  readBytes: number
  writtenBytes: number
  durationMs: number
}

/** Why writes are held back. */
export type StallCause =
  /** Full memtables wait for their flush. */
  | 'memtables'
  /** Too many tables on level 0. */
  | 'level0'
  /** Compactions have too many bytes to rewrite. */
  | 'debt'

/** How often writes were held back, and for how long together. */
export interface StallStats {
  count: number
  timeMs: number
}

/** Writes begin to be held back, or from now on for another cause or more severely. */
export interface StallEvent {
  cause: StallCause
  /** 'slowdown' delays each commit a little; 'stop' holds it until the cause is gone. */
  severity: 'slowdown' | 'stop'
  /** What to read or do: counts and limits. */
  message: string
}

/** The compaction policy became another one, or got other thresholds. */
export interface PolicyChange {
  /** Milliseconds since 1970. */
  atMs: number
  from: CompactionPolicy
  to: CompactionPolicy
  reason: string
}

/** What listeners of `on` get, by the name of the event. */
export interface DatabaseEvents {
  flush: [FlushEvent]
  compaction: [CompactionEvent]
  policy: [PolicyChange]
  stall: [StallEvent]
  /** A flush or compaction has failed, and will be tried again or has been given up. */
  error: [VarveError]
  /** Something works less well than it should, though nothing has failed. */
  warning: [VarveError]
}

/** A level of the tree and its tables, as `levels` tells. */
export interface LevelInfo {
  level: number
  sizeBytes: number
  /** Sorted runs that the tables belong to; on level 0 each table is one. */
  runs: number
  /** Size at which the level is compacted into the next; 0: not measured by its size. */
  targetBytes: number
  /** 1 and above: a compaction is due. */
  score: number
  tables: TableInfo[]
}

/** A table, as the MANIFEST describes it. */
export interface TableInfo {
  fileNumber: number
  sizeBytes: number
  entryCount: number
  deleteCount: number
  rangeDeleteCount: number
  /** Entries that expire, and the moment at which the last of them has, in milliseconds since 1970; or 0. */
  expiringCount: number
  lastExpiryMs: number
  /** First user key and the end (exclusive) of the table's range, as bytes; null: no upper bound. */
  smallestKey: Uint8Array
  endKey: Uint8Array | null
  minSequence: number
  maxSequence: number
  /** The sorted run of the level that it belongs to; a higher number is newer. 0 on level 0. */
  run: number
  /** When the file was written, in milliseconds since 1970; 0: not known. */
  writtenAtMs: number
}

/** What the engine has done and holds, as `stats` tells. Counts and times begin with `open`. */
export interface Stats {
  /** Highest sequence that reads see; the number of writes since the database was created. */
  sequence: number
  /** Bytes since open. `user`: keys and values given to put, del and clear. */
  bytes: { user: number; log: number; flush: number; compaction: number; compactionRead: number }
  amplification: {
    /** (log + flush + compaction) / user, since open. */
    write: number
    /** Table blocks looked into for each point read, since open, whether cached or not. */
    read: number
    /** Bytes of all tables / bytes in the oldest run: an upper estimate of what compaction could free. */
    space: number
  }
  operations: {
    /** Puts, deletes and range deletes committed. */
    writes: number
    /** Groups in which they were committed. */
    commits: number
    /** Keys looked up. */
    gets: number
    /** Walks over ranges, and the entries that those gave which have ended. */
    scans: number
    scannedEntries: number
  }
  cache: { hits: number; misses: number; usedBytes: number; capacityBytes: number }
  /** `useful`: said "absent" and spared a block; `falsePositives`: said "perhaps", and it was not there. */
  filters: { probes: number; useful: number; falsePositives: number }
  /** Bytes of memory by part; `total` is their sum. */
  memory: {
    memtables: number
    cache: number
    tables: number
    commitBuffers: number
    total: number
  }
  /** How often writes were held back, and for how long together. */
  stalls: StallStats & { byCause: Record<StallCause, StallStats> }
  flushes: {
    count: number
    timeMs: number
    /** Why there are none for now: given up, or the disk is full; writes that need one fail. */
    failure: string | undefined
  }
  compactions: {
    /** The policy in force, and the last times that it was changed, oldest first. */
    policy: CompactionPolicy
    /** Whether 'adaptive' chooses it. */
    adaptive: boolean
    policyChanges: PolicyChange[]
    count: number
    moves: number
    /** Compactions that dropped whole tables. */
    drops: number
    timeMs: number
    running: number
    /** By `pauseCompaction`. */
    paused: boolean
    /** Why there are none for now: given up, or the disk is full; writes that need one fail. */
    failure: string | undefined
    /** Bytes that they would have to rewrite until no level asks any more. */
    debtBytes: number
  }
  tables: { count: number; sizeBytes: number; open: number }
  /** Torn log tails found at open: how many, and the bytes (never acknowledged as durable) dropped. */
  recovery: { replayedRecords: number; tornTails: number; droppedBytes: number }
  snapshots: number
  iterators: number
  backgroundErrors: number
}

/** An open database, as far as whoever only watches it is concerned. */
export interface WatchedDatabase {
  /** The directory, with symbolic links resolved. */
  readonly path: string
  /** @throws CLOSED */
  stats(): Stats
  /** @throws CLOSED */
  levels(): LevelInfo[]
}

export type { Explanation, ExplainStep } from '../tree/explain.js'
