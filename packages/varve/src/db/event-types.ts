import type { VarveError } from '../base/errors.js'
import type { CompactionPolicy } from '../compaction/pickers/compaction-options.js'
import type { CompactionKind } from '../compaction/pickers/compaction-spec.js'

/** A memtable was written to a table of level 0. */
export interface FlushEvent {
  /** Number of the new table; undefined if every entry was dropped. */
  fileNumber: number | undefined
  entryCount: number
  /** Entries that were not written because no reader could see them. */
  droppedEntries: number
  sizeBytes: number
  durationMs: number
}

/** Tables were compacted. */
export interface CompactionEvent {
  /** Whether the tables were merged, moved to another level unchanged, or dropped. */
  kind: CompactionKind
  reason: string
  inputLevels: number[]
  outputLevel: number
  inputTables: number
  outputTables: number
  /**
   * Entries that were left out because no reader can see them: overwritten or deleted entries, and
   * deletes with nothing left to delete. 0 for moves and drops.
   */
  droppedEntries: number
  readBytes: number
  writtenBytes: number
  durationMs: number
}

/** Why writes are held back. */
export type StallCause =
  /** Full memtables wait to be flushed. */
  | 'memtables'
  /** Too many tables on level 0. */
  | 'level0'
  /** Compactions have too many bytes to rewrite. */
  | 'debt'

/** How often writes were held back, and for how long in total. */
export interface StallStats {
  count: number
  timeMs: number
}

/** Writes are held back: a stall started, or its cause or severity changed. */
export interface StallEvent {
  cause: StallCause
  /** `'slowdown'` delays each commit; `'stop'` holds commits until the cause is gone. */
  severity: 'slowdown' | 'stop'
  /** The counts and limits, and what to do. */
  message: string
}

/** The compaction policy or its thresholds changed. */
export interface PolicyChange {
  /** Milliseconds since 1970. */
  atMs: number
  from: CompactionPolicy
  to: CompactionPolicy
  reason: string
}

/** The events of a database, and the arguments of their listeners. */
export interface DatabaseEvents {
  flush: [FlushEvent]
  compaction: [CompactionEvent]
  policy: [PolicyChange]
  stall: [StallEvent]
  /** A flush or compaction failed. The message says whether it is retried. */
  error: [VarveError]
  /** Something works worse than it should, but did not fail. */
  warning: [VarveError]
}
