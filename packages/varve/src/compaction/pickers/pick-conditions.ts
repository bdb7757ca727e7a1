import type { TableMetadata } from '../../version/table-metadata.js'
import type { CompactionSpec } from './compaction-spec.js'

/** What a decision depends on beside the tree and its policy. */
export interface PickConditions {
  /** The compactions of this tree that run. */
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
  /** By table number: reads that searched the table and found nothing. Updated now and then. */
  readonly readsInVain: ReadonlyMap<number, number>
}

/** What range deletes in tables delete of other tables. */
export interface RangeDeleteReach {
  readonly covered: readonly CoveredTable[]
  /**
   * By number of the table with the range deletes: about how many bytes of other tables they hide.
   */
  readonly hiddenBytes: ReadonlyMap<number, number>
}

/** A table that range deletes in other tables have deleted to the last entry. */
export interface CoveredTable {
  readonly table: TableMetadata
  /** A reader at this sequence or above sees all of it deleted. */
  readonly deletedAt: number
}

export const noRangeDeletes: RangeDeleteReach = { covered: [], hiddenBytes: new Map() }

/** A tree in which nothing but the compactions happens. */
export const noConditions: PickConditions = {
  running: [],
  busy: new Set(),
  tableBytes: 0,
  nowMs: 0,
  snapshots: [],
  rangeDeletes: noRangeDeletes,
  readsInVain: new Map(),
}
