import { rangesOverlap } from '../../key/key-range.js'
import { type TableMetadata, totalBytes } from '../../version/table-metadata.js'
import type { Version } from '../../version/version.js'
import type { RunCompaction } from './compaction-options.js'
import type { PickConditions } from './pick-conditions.js'
import { runsAllowed, type TreeShape } from './tree-shape.js'

/** Tables that are to be compacted though their level is not full. */
export interface DueTables {
  readonly level: number
  /** One, or all of a level that goes down whole. */
  readonly tables: readonly TableMetadata[]
  /** Nothing older lies in its range: it is written again where it is. */
  readonly isBottom: boolean
  readonly reason: string
}

/** Tables that are compacted together, if they are, with all older ones that they meet. */
interface Group {
  readonly level: number
  readonly tables: readonly TableMetadata[]
  readonly isBottom: boolean
}

/** Reads in vain that nothing is compacted for, however small it is. */
const minFruitlessReads = 100

/**
 * What has reasons of its own to be compacted, the newest place first:
 *
 * - its deletes free a large share of all that would have to be read to take it to the bottom;
 * - many reads have looked into it in vain, for the bytes that it has;
 * - it is old.
 *
 * Where a level goes down whole, it is weighed whole: a few tables of it are no reason to rewrite it.
 */
export function dueTables(
  version: Version,
  compaction: RunCompaction,
  shape: TreeShape,
  conditions: PickConditions,
): DueTables[] {
  const due: DueTables[] = []
  for (const group of groupsOf(version, compaction, shape)) {
    const reason = reasonFor(group, version, compaction, conditions)
    if (reason !== undefined) due.push({ ...group, reason })
  }
  return due
}

function groupsOf(version: Version, compaction: RunCompaction, shape: TreeShape): Group[] {
  const groups: Group[] = []
  if (version.levels[0].length > 0) {
    groups.push({ level: 0, tables: version.levels[0], isBottom: false })
  }
  for (let level = 1; level <= shape.lastLevel; level++) {
    const tables = version.levels[level]
    const goesByTable =
      version.runsOf(level).length === 1 &&
      (level === shape.lastLevel || runsAllowed(level, shape, compaction) === 1)
    const above: TableMetadata[] = []
    for (const table of tables) {
      const isBottom = !anyOlder(version, level, table)
      if (isBottom || goesByTable) groups.push({ level, tables: [table], isBottom })
      else above.push(table)
    }
    // Tables at the bottom of a level are part of it, but no reason to take it down.
    if (above.length > 0) groups.push({ level, tables, isBottom: false })
  }
  return groups
}

function reasonFor(
  { level, tables, isBottom }: Group,
  version: Version,
  { garbageShare, fruitlessReadBytes, maxTableAgeMs }: RunCompaction,
  { busy, nowMs, readsInVain, snapshots, rangeDeletes }: PickConditions,
): string | undefined {
  if (tables.some(({ fileNumber }) => busy.has(fileNumber))) return undefined
  const what = tables.length === 1 ? `table ${tables[0].fileNumber}` : `level ${level}`
  const mayFree = tables.filter(
    ({ fileNumber, deleteCount, rangeDeleteCount, maxSequence }) =>
      (deleteCount > 0 ||
        (isBottom ? rangeDeleteCount > 0 : rangeDeletes.hiddenBytes.has(fileNumber))) &&
      // What a snapshot sees stays, and with it what deletes it for others.
      (snapshots.length === 0 || maxSequence <= snapshots[0]),
  )
  if (garbageShare <= 1 && mayFree.length > 0) {
    const freed = mayFree.reduce(
      (sum, table) => sum + freedBytes(table, olderThan(version, level, table), rangeDeletes),
      0,
    )
    const share = freed / readBytes(version, level, tables)
    if (share >= garbageShare) {
      return `deletes of ${what} free ${(100 * share).toFixed(0)} % of what is read for it`
    }
  }
  const reads = tables.reduce((sum, { fileNumber }) => sum + (readsInVain.get(fileNumber) ?? 0), 0)
  const isFruitless =
    !isBottom &&
    fruitlessReadBytes < Infinity &&
    reads >= Math.max(minFruitlessReads, totalBytes(tables) / fruitlessReadBytes) &&
    tables.some((table) => anyOlder(version, level, table))
  if (isFruitless) return `${what} was read in vain ${reads} times`
  const isOld = tables.some(
    ({ writtenAtMs }) => writtenAtMs > 0 && nowMs - writtenAtMs > maxTableAgeMs,
  )
  return isOld ? `${what} is older than ${maxTableAgeMs} ms` : undefined
}

/** An estimate: each delete hides an entry of average size; with nothing beneath, itself goes. */
function freedBytes(
  { fileNumber, sizeBytes, deleteCount, rangeDeleteCount, entryCount }: TableMetadata,
  older: readonly TableMetadata[],
  { hiddenBytes }: PickConditions['rangeDeletes'],
): number {
  if (older.length === 0) {
    const deletes = deleteCount + rangeDeleteCount
    return (sizeBytes * deletes) / Math.max(1, entryCount + rangeDeleteCount)
  }
  const olderBytes = totalBytes(older)
  const entries = older.reduce((sum, table) => sum + table.entryCount, 0)
  const byDeletes = (deleteCount * olderBytes) / Math.max(1, entries)
  return Math.min(olderBytes, byDeletes + (hiddenBytes.get(fileNumber) ?? 0))
}

/** Of the tables, and of all that lies beneath them. */
function readBytes(version: Version, level: number, tables: readonly TableMetadata[]): number {
  const met = new Set(tables)
  for (const table of tables) {
    for (const older of olderThan(version, level, table)) met.add(older)
  }
  return totalBytes([...met])
}

/** The tables that overlap one and hold older entries. */
function olderThan(version: Version, level: number, table: TableMetadata): TableMetadata[] {
  const { levels } = version
  const older = runsBelow(version, level, table).flatMap((run) => run.overlapping(table.range))
  if (level > 0) return older
  const beside = levels[0].slice(levels[0].indexOf(table) + 1)
  return [...beside.filter(({ range }) => rangesOverlap(range, table.range)), ...older]
}

/** The same as `olderThan(…).length > 0`, below level 0. */
function anyOlder(version: Version, level: number, table: TableMetadata): boolean {
  if (level === 0) return olderThan(version, level, table).length > 0
  return runsBelow(version, level, table).some((run) => run.overlapping(table.range).length > 0)
}

function runsBelow(version: Version, level: number, table: TableMetadata): Version['runs'] {
  return version.runs.filter(
    (run) => run.level > level || (run.level === level && run.number < table.run),
  )
}
