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
 * Range deletes considered, in all tables and in one. The rest of the hidden bytes are reclaimed
 * when their tables are compacted. Both bounds limit the work on the main thread for a new Version.
 */
const maxRangeDeletes = 512
const maxWeighedPerTable = 64

/** Work that yields the table that it needs next, and gets it open until it yields again. */
type Surveying<T> = Generator<TableMetadata, T, TableReader>
type Survey = Surveying<RangeDeleteReach>
type SurveyStep = IteratorResult<TableMetadata, RangeDeleteReach>

/**
 * Finds the bytes that range deletes in the tables of a Version hide: tables that they delete
 * completely, and parts of others.
 *
 * Owned by: a tree's compaction. Opens the tables that hold range deletes, and those at their
 * bounds.
 */
export class RangeDeleteSurvey {
  private version: Version | undefined
  private reach = noRangeDeletes
  /** Bytes hidden by each table with range deletes when it was first seen, by its file number. */
  private weights = new Map<number, number>()

  /** `onLate` is called when an answer has changed because the tables it needs were opened. */
  constructor(
    private readonly tables: TableCache,
    private readonly onLate: () => void,
  ) {}

  /**
   * Empty until all tables that it needs are open, and if a table cannot be read. Its reader
   * reports the error; here only space is at stake.
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
      const survey = this.survey(version, version.rangeDeleteTables)
      const step = this.goOn(survey, survey.next())
      if (step.done === true) this.reach = step.value
      else void this.goOnLater(version, survey, step.value)
    } catch {
      // See above.
    }
    return this.reach
  }

  /** As far as tables can be opened now. */
  private goOn(survey: Survey, next: SurveyStep): SurveyStep {
    let step = next
    while (step.done !== true) {
      const reader = this.tables.find(step.value)
      if (reader === undefined) return step
      step = survey.next(reader)
    }
    return step
  }

  private async goOnLater(version: Version, survey: Survey, table: TableMetadata): Promise<void> {
    let missing: TableMetadata = table
    try {
      // A newer Version has a survey of its own.
      while (version === this.version) {
        const step = await this.tables.read(missing, (reader) =>
          this.goOn(survey, survey.next(reader)),
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
      // See above.
    }
  }

  private *survey(version: Version, holders: readonly TableMetadata[]): Survey {
    const covered = yield* this.findCovered(version, holders)
    return { covered, hiddenBytes: yield* this.weigh(version, holders, covered) }
  }

  private *findCovered(
    version: Version,
    holders: readonly TableMetadata[],
  ): Surveying<CoveredTable[]> {
    const rangeDeletes = yield* this.newestOf(holders)
    const covered: CoveredTable[] = []
    for (const table of version.levels.flat()) {
      const deletedAt = deletedFrom(table, rangeDeletes)
      if (deletedAt !== undefined) covered.push({ table, deletedAt })
    }
    return covered
  }

  /** The range deletes of the newest tables that together stay within the bound. */
  private *newestOf(holders: readonly TableMetadata[]): Surveying<RangeTombstones> {
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

  /** Measures each table once, against the levels below it at that time. */
  private *weigh(
    version: Version,
    holders: readonly TableMetadata[],
    covered: readonly CoveredTable[],
  ): Surveying<ReadonlyMap<number, number>> {
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
  ): Surveying<number> {
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

/** The lowest sequence at which the whole table is deleted; undefined when there is none. */
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
