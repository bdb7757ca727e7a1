import {
  noRangeDeletes,
  type CoveredTable,
  type RangeDeleteReach,
} from '../compaction/pickers/pick-conditions.js'
import { compareEnds, intersectRange, isBefore, rangeHoldsRange } from '../key/key-range.js'
import { type RangeTombstone, RangeTombstones } from '../key/range-tombstone.js'
import type { TableCache } from '../sstable/table-cache.js'
import type { TableReader } from '../sstable/table-reader.js'
import type { TableMetadata } from '../version/table-metadata.js'
import type { Version } from '../version/version.js'

/**
 * The most range deletes that are considered, in all tables and in one. Space that others hide is
 * reclaimed when its tables are compacted. The limits bound the work on the main thread for a new
 * Version.
 */
const maxRangeDeletes = 512
const maxWeighedPerTable = 64

/**
 * Work that yields each table that it needs, and receives a reader that is open until the next
 * yield.
 */
type AnalysisOf<T> = Generator<TableMetadata, T, TableReader>
type Analysis = AnalysisOf<RangeDeleteReach>
type AnalysisStep = IteratorResult<TableMetadata, RangeDeleteReach>

/**
 * Finds the bytes that range deletes hide in the tables of a Version: tables that they delete
 * completely, and parts of others.
 *
 * Owned by: a tree's compaction. Opens the tables that hold range deletes, and those at their
 * bounds.
 */
export class RangeDeleteAnalysis {
  private version: Version | undefined
  private reach = noRangeDeletes
  /**
   * For each table with range deletes, by file number, the bytes that it hid when it was first
   * seen.
   */
  private weights = new Map<number, number>()

  /** `onLate` is called when a result has changed because a table that it needs has been opened. */
  constructor(
    private readonly tables: TableCache,
    private readonly onLate: () => void,
  ) {}

  /**
   * Empty until all tables that it needs are open, and if a table cannot be read. That error is
   * ignored: readers of the table report it, and a compaction may only come later.
   */
  of(version: Version): RangeDeleteReach {
    if (version === this.version) return this.reach
    this.version = version
    this.reach = noRangeDeletes
    if (version.rangeDeleteTables.length === 0) {
      this.weights.clear()
      return this.reach
    }
    try {
      const analysis = this.analyse(version, version.rangeDeleteTables)
      const step = this.continueNow(analysis, analysis.next())
      if (step.done === true) this.reach = step.value
      else void this.continueLater(version, analysis, step.value)
    } catch {
      // See `of`.
    }
    return this.reach
  }

  /** Continues as far as tables can be opened now. */
  private continueNow(analysis: Analysis, next: AnalysisStep): AnalysisStep {
    let step = next
    while (step.done !== true) {
      const reader = this.tables.find(step.value)
      if (reader === undefined) return step
      step = analysis.next(reader)
    }
    return step
  }

  private async continueLater(
    version: Version,
    analysis: Analysis,
    table: TableMetadata,
  ): Promise<void> {
    let missing: TableMetadata = table
    try {
      // A newer Version starts its own work.
      while (version === this.version) {
        const step = await this.tables.read(missing, (reader) =>
          this.continueNow(analysis, analysis.next(reader)),
        )
        if (step.done !== true) {
          missing = step.value
          continue
        }
        if (version !== this.version) return
        this.reach = step.value
        this.onLate()
        return
      }
    } catch {
      // See `of`.
    }
  }

  private *analyse(version: Version, holders: readonly TableMetadata[]): Analysis {
    const covered = yield* this.findCovered(version, holders)
    return { covered, hiddenBytes: yield* this.weigh(version, holders, covered) }
  }

  private *findCovered(
    version: Version,
    holders: readonly TableMetadata[],
  ): AnalysisOf<CoveredTable[]> {
    const rangeDeletes = yield* this.newestRangeDeletes(holders)
    const covered: CoveredTable[] = []
    for (const table of version.levels.flat()) {
      const deletedAt = deletedFrom(table, rangeDeletes)
      if (deletedAt !== undefined) covered.push({ table, deletedAt })
    }
    return covered
  }

  /** The range deletes of the newest tables, up to the limit. */
  private *newestRangeDeletes(holders: readonly TableMetadata[]): AnalysisOf<RangeTombstones> {
    const newestFirst = [...holders].sort((a, b) => b.maxSequence - a.maxSequence)
    const all: RangeTombstone[] = []
    let left = maxRangeDeletes
    for (const table of newestFirst) {
      if (table.rangeDeleteCount > left) continue
      left -= table.rangeDeleteCount
      const { rangeTombstones } = yield table
      for (const tombstone of rangeTombstones.tombstones) all.push(tombstone)
    }
    return RangeTombstones.from(all)
  }

  /** Measures each table once, with the levels below it at that time. */
  private *weigh(
    version: Version,
    holders: readonly TableMetadata[],
    covered: readonly CoveredTable[],
  ): AnalysisOf<ReadonlyMap<number, number>> {
    const gone = new Set(covered.map(({ table }) => table))
    const weights = new Map<number, number>()
    for (const holder of holders) {
      const known = this.weights.get(holder.fileNumber)
      weights.set(holder.fileNumber, known ?? (yield* this.bytesHidden(holder, version, gone)))
    }
    this.weights = weights
    return new Map([...weights].filter(([, bytes]) => bytes > 0))
  }

  private *bytesHidden(
    holder: TableMetadata,
    version: Version,
    gone: ReadonlySet<TableMetadata>,
  ): AnalysisOf<number> {
    const { fragments } = (yield holder).rangeTombstones
    let bytes = 0
    for (const fragment of fragments.slice(0, maxWeighedPerTable)) {
      for (const level of version.levels.keys()) {
        for (const table of version.overlapping(level, fragment)) {
          if (gone.has(table) || table.maxSequence >= fragment.newest) continue
          bytes += rangeHoldsRange(fragment, table.range)
            ? table.sizeBytes
            : (yield table).dataBytesIn(intersectRange(table.range, fragment)!)
        }
      }
    }
    return bytes
  }
}

/** The lowest sequence at which the whole table is deleted; undefined if it is not. */
function deletedFrom(
  { range, maxSequence }: TableMetadata,
  rangeDeletes: RangeTombstones,
): number | undefined {
  const { fragments } = rangeDeletes
  let reached: Uint8Array | null = range.start
  let deletedAt = 0
  for (
    let i = rangeDeletes.indexFor(range.start, 0, range.start.length);
    i < fragments.length;
    i++
  ) {
    const { start, end } = fragments[i]
    if (reached === null || isBefore(reached, start)) return undefined
    const newer = rangeDeletes.lowestAbove(fragments[i], maxSequence)
    if (newer === undefined) return undefined
    deletedAt = Math.max(deletedAt, newer)
    reached = end
    if (compareEnds(reached, range.end) >= 0) return deletedAt
  }
  return undefined
}
