import type { CompactionPolicy } from '../compaction/pickers/compaction-options.js'

/** Figures of a keyspace, as its `stats` returns them. Counts start at `open`. */
export interface KeyspaceStats {
  /** Keys looked up. */
  readonly gets: number
  /** Iterators started. */
  readonly scans: number
  /** Entries that finished iterators returned. */
  readonly scannedEntries: number
  /** Bytes of operations written, as the log holds them. */
  readonly writtenBytes: number
  /** Table blocks searched per point read, cached or not. */
  readonly readAmplification: number
  /** Bytes of all tables / bytes in the oldest run. */
  readonly spaceAmplification: number
  /** Tables on disk. */
  readonly tables: number
  /** Bytes of these tables. */
  readonly sizeBytes: number
  /** Bytes of memory that its memtables use. */
  readonly memtableBytes: number
  /** The compaction policy in force. */
  readonly policy: CompactionPolicy
  /** Bytes that compactions must rewrite until no level is over its limit. */
  readonly debtBytes: number
}
