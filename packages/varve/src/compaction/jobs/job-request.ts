import type { ErrorCode } from '../../base/errors.js'
import type { SealedMemTable } from '../../memtable/sealed-memtable.js'
import type { WrittenTable } from '../../version/table-metadata.js'
import type { MergePart } from './merge-part.js'
import type { CompactionSpec } from '../pickers/compaction-spec.js'

/** The tree options that a job needs. Plain data, because it may cross to a worker thread. */
export interface JobTableOptions {
  readonly blockBytes: number
  readonly tableBytes: number
  readonly filterBitsPerKey: number
  /** Secret of the filters. Default: none. */
  readonly filterSecret?: number
  /** The name of a registered codec. */
  readonly codec: string
  readonly paranoid: boolean
}

interface JobBase {
  readonly options: JobTableOptions
  /** Sequences of the live snapshots, ascending. */
  readonly snapshots: readonly number[]
  /** Milliseconds since 1970. Entries that have expired by then are dropped or become deletes. */
  readonly nowMs: number
  readonly firstFileNumber: number
  readonly fileNumberCount: number
}

/** Writes a sealed memtable as one table of level 0. */
export interface FlushRequest extends JobBase {
  readonly kind: 'flush'
  readonly memtable: SealedMemTable
  /** True if the tree has no tables, so that deletes hide nothing. */
  readonly nothingBelow: boolean
}

/** Merges tables according to `spec`. */
export interface MergeRequest extends JobBase {
  readonly kind: 'merge'
  readonly spec: CompactionSpec
  /** Undefined for the whole merge. */
  readonly part?: MergePart
}

export type JobRequest = FlushRequest | MergeRequest

export interface JobResult {
  readonly outputs: readonly WrittenTable[]
  readonly readBytes: number
  readonly writtenBytes: number
  readonly droppedEntries: number
  readonly durationMs: number
}

/** An error as plain data, because classes do not cross threads. */
export interface JobError {
  readonly code: ErrorCode
  readonly message: string
  readonly path?: string
  readonly file?: string
  readonly offset?: number
  readonly systemCode?: string
  readonly stack?: string
}

export type JobOutcome =
  | { readonly ok: true; readonly result: JobResult }
  | { readonly ok: false; readonly error: JobError }
