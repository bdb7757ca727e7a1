import {
  noRangeDeletes,
  type CoveredTable,
  type RangeDeleteReach,
} from '../compaction/pickers/pick-conditions.js'
import { compareEnds, intersectRange, isBefore, rangeHoldsRange } from '../key/key-range.js'
import { RangeTombstones } from '../key/range-tombstone.js'
import type { TableCache } from '../sstable/table-cache.js'
import type { TableMetadata } from '../version/table-metadata.js'
import type { Version } from '../version/version.js'

/**
 * Range deletes considered, in all tables and in one. The rest of the hidden bytes are reclaimed
 * when their tables are compacted. Both bounds limit the work on the main thread for a new Version.
 */
const maxRangeDeletes = 512
const maxWeighedPerTable = 64

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

  constructor(private readonly tables: TableCache) {}

  /** Empty if a table cannot be read. Its reader reports the error; here only space is at stake. */
  of(version: Version): RangeDeleteReach {
    if (version === this.version) return this.reach
    this.version = version
    this.reach = noRangeDeletes
    const holders = version.rangeDeleteTables
    if (holders.length === 0) {
      this.weights.clear()
      return this.reach
    }
    try {
      const covered = this.findCovered(version, holders)
      this.reach = { covered, hiddenBytes: this.weigh(version, holders, covered) }
    } catch {
      // See above.
    }
    return this.reach
  }

  private findCovered(version: Version, holders: readonly TableMetadata[]): CoveredTable[] {
    const rangeDeletes = this.newestOf(holders)
    const covered: CoveredTable[] = []
    for (const table of version.levels.flat()) {
      const deletedAt = deletedFrom(table, rangeDeletes)
      if (deletedAt !== undefined) covered.push({ table, deletedAt })
    }
    return covered
  }

  /** The range deletes of the newest tables that together stay within the bound. */
  private newestOf(holders: readonly TableMetadata[]): RangeTombstones {
    const newestFirst = [...holders].sort((a, b) => b.maxSequence - a.maxSequence)
    let left = maxRangeDeletes
    const looked = newestFirst.filter(({ rangeDeleteCount }) => {
      const fits = rangeDeleteCount <= left
      if (fits) left -= rangeDeleteCount
      return fits
    })
    return RangeTombstones.from(looked.flatMap((table) => this.rangeDeletesOf(table).tombstones))
  }

  /** Measures each table once, against the levels below it at that time. */
  private weigh(
    version: Version,
    holders: readonly TableMetadata[],
    covered: readonly CoveredTable[],
  ): ReadonlyMap<number, number> {
    const gone = new Set(covered.map(({ table }) => table))
    const weights = new Map<number, number>()
    for (const holder of holders) {
      const known = this.weights.get(holder.fileNumber)
      weights.set(holder.fileNumber, known ?? this.bytesHidden(holder, version, gone))
    }
    this.weights = weights
    return new Map([...weights].filter(([, bytes]) => bytes > 0))
  }

  private bytesHidden(
    holder: TableMetadata,
    version: Version,
    gone: ReadonlySet<TableMetadata>,
  ): number {
    const { fragments } = this.rangeDeletesOf(holder)
    let bytes = 0
    for (const fragment of fragments.slice(0, maxWeighedPerTable)) {
      for (const level of version.levels.keys()) {
        for (const table of version.overlapping(level, fragment)) {
          if (gone.has(table) || table.maxSequence >= fragment.newest) continue
          bytes += rangeHoldsRange(fragment, table.range)
            ? table.sizeBytes
            : this.tables.get(table).dataBytesIn(intersectRange(table.range, fragment)!)
        }
      }
    }
    return bytes
  }

  private rangeDeletesOf(table: TableMetadata): RangeTombstones {
    return this.tables.get(table).rangeTombstones
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
