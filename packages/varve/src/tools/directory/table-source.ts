import {
  summaryProblem,
  type TableStatistics,
  type TableSummary,
} from '../../sstable/format/properties.js'
import { checkTable, type TableFindings } from '../../sstable/salvage/table-check.js'
import { TolerantTable } from '../../sstable/salvage/tolerant-table.js'
import type { TableMetadata } from '../../version/table-metadata.js'
import type { FoundFile } from './inventory.js'
import type { Site } from './tool-options.js'

/** A table file that was read from end to end, and what is left of it. */
export interface TableSource {
  readonly file: FoundFile
  readonly found: TableFindings
  /** As the table or a MANIFEST describes it; undefined if neither does. */
  readonly statistics: TableStatistics | undefined
  /** Whether it is the table itself that says so. */
  readonly isSelfDescribed: boolean
  /** Undefined: the sequences of its entries are unknown, so they are of no use. */
  readonly baseSequence: number | undefined
  readonly sizeBytes: number
  /** Range deletes that can be read. */
  readonly rangeDeletes: number
  readonly isSound: boolean
}

/** Reads a table in full. `known`: what a MANIFEST says of the file with this name. */
export function* examineTable(
  { fs, codecs }: Site,
  file: FoundFile,
  known: TableMetadata | undefined,
): Generator<number, TableSource> {
  const opened = fs.openForRead(file.path)
  try {
    const table = new TolerantTable(opened, codecs, known)
    const found = yield* checkTable(table)
    return {
      file,
      found,
      statistics: table.properties ?? known,
      isSelfDescribed: table.properties !== undefined,
      baseSequence: table.properties?.baseSequence ?? deriveBase(table, found, known),
      sizeBytes: table.sizeBytes,
      rangeDeletes: table.tombstones?.length ?? 0,
      isSound: found.damage.length === 0,
    }
  } finally {
    opened.close()
  }
}

/** Whether a file says that it is the table which the MANIFEST describes, or what is left of it. */
export function isTable(source: TableSource, of: TableSummary): boolean {
  const { statistics, sizeBytes, isSound, isSelfDescribed } = source
  if (statistics === undefined || !isSelfDescribed) return false
  const size = isSound ? sizeBytes : of.sizeBytes
  return summaryProblem(of, { ...statistics, sizeBytes: size }) === undefined
}

/**
 * The base sequence of a table whose properties are lost. Every entry is so and so far above it,
 * and the MANIFEST knows the lowest and the highest sequence of the table: where one of these must
 * be an entry's, or both leave no room, they tell.
 */
function deriveBase(
  { tombstones }: TolerantTable,
  found: TableFindings,
  known: TableMetadata | undefined,
): number | undefined {
  if (known === undefined) return undefined
  if (known.entryCount === 0) return known.minSequence
  if (found.entryCount === 0) return undefined
  const lowest = known.minSequence - found.minDelta
  const highest = known.maxSequence - found.maxDelta
  if (lowest > highest) return undefined
  if (lowest === highest) return Math.max(0, lowest)
  const hasAllEntries = found.entryCount === known.entryCount
  const knowsTombstones = tombstones?.length === known.rangeDeleteCount
  if (!hasAllEntries || !knowsTombstones) return undefined
  if (tombstones.every(({ sequence }) => sequence > known.minSequence)) return lowest
  if (tombstones.every(({ sequence }) => sequence < known.maxSequence)) return highest
  return undefined
}
