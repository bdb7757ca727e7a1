import type {
  CompactionEvent,
  FlushEvent,
  MemTableInfo,
  PolicyChange,
  StallEvent,
  Stats,
} from 'varve'
import type { TreeEdit, TreeState } from './tree.js'

/** The first message of a stream. */
export interface Hello {
  /** Directory of the database. */
  readonly path: string
  /**
   * The page reads files of a database that another process may own, so counters of that process
   * are not available.
   */
  readonly follows: boolean
  readonly allowWrites: boolean
  readonly sampleMs: number
  readonly keyspaces: readonly string[]
}

/** Figures of one moment. */
export interface SampleMessage {
  readonly atMs: number
  readonly stats: Stats
  readonly memtables: readonly MemTableInfo[]
  /** Delay of the event loop since the sample before, in milliseconds. */
  readonly loopDelayMs: { readonly mean: number; readonly p99: number; readonly max: number }
  /**
   * Commits since the sample before, by duration: bucket i counts those below 2^i µs. Under load
   * only the first commits of each interval are measured.
   */
  readonly commitBuckets: readonly number[]
  /** Resident memory of the process. */
  readonly residentBytes: number
  readonly disk: { readonly freeBytes: number; readonly totalBytes: number } | undefined
}

/** Something happened. */
export type Note = { readonly atMs: number } & (
  | { readonly kind: 'flush'; readonly event: FlushEvent }
  | { readonly kind: 'compaction'; readonly event: CompactionEvent }
  | { readonly kind: 'policy'; readonly event: PolicyChange }
  | { readonly kind: 'stall'; readonly event: StallEvent }
  | { readonly kind: 'error' | 'warning'; readonly code: string; readonly message: string }
)

/** The messages of the event stream, by event name. */
export interface StreamMessages {
  hello: Hello
  tree: TreeState
  edit: TreeEdit
  sample: SampleMessage
  note: Note
  /** The database was closed; the stream ends. */
  closed: Record<string, never>
}
