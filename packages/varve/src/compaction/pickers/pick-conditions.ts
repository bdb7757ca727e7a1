import type { TableMetadata } from '../../version/table-metadata.js'
import type { CompactionSpec } from './compaction-spec.js'

/** Everything that a decision depends on besides the tree and its policy. */
export interface PickConditions {
  /** The running compactions of this tree. */
  readonly running: readonly CompactionSpec[]
  /** Numbers of all their inputs. */
  readonly busy: ReadonlySet<number>
  /** Size at which a compaction begins the next table. */
  readonly tableBytes: number
  /** Wall-clock time in milliseconds since 1970. */
  readonly nowMs: number
  /** Sequences of the live snapshots, ascending. */
  readonly snapshots: readonly number[]
  readonly rangeDeletes: RangeDeleteReach
  /** By table number, the reads that searched the table and found nothing. Updated occasionally. */
  readonly fruitlessReads: ReadonlyMap<number, number>
}

/** What the range deletes in tables delete in other tables. */
export interface RangeDeleteReach {
  readonly covered: readonly CoveredTable[]
  /**
   * By number of the table with the range deletes, the approximate bytes of other tables that they
   * hide.
   */
  readonly hiddenBytes: ReadonlyMap<number, number>
}

/** A table that range deletes in other tables have deleted completely. */
export interface CoveredTable {
  readonly table: TableMetadata
  /** Readers at this sequence or above see all of it deleted. */
  readonly deletedAt: number
}

export const noRangeDeletes: RangeDeleteReach = { covered: [], hiddenBytes: new Map() }

/** The conditions of a tree without reads, snapshots or running compactions. */
export const noConditions: PickConditions = {
  running: [],
  busy: new Set(),
  tableBytes: 0,
  nowMs: 0,
  snapshots: [],
  rangeDeletes: noRangeDeletes,
  fruitlessReads: new Map(),
}
