import { type TableMetadata, totalBytes } from '../../version/table-metadata.js'
import type { Version } from '../../version/version.js'
import type { RunCompaction } from './compaction-options.js'
import { expiredCount } from './expired-picker.js'
import { anyOlder, olderThan } from './older-tables.js'
import { freeableBytes } from './shadowed-entries.js'
import type { PickConditions } from './pick-conditions.js'
import { runsAllowed, type TreeShape } from './tree-shape.js'

/** Tables to compact although their level is not full. */
export interface DueTables {
  readonly level: number
  /** One table, or all tables of a level that moves down as a whole. */
  readonly tables: readonly TableMetadata[]
  /** Whether this is one table that is rewritten in place. */
  readonly staysInPlace: boolean
  readonly reason: string
}

/** Tables that are compacted only together, with all older tables that they overlap. */
interface Group {
  readonly level: number
  readonly tables: readonly TableMetadata[]
  /** Whether nothing older overlaps it, so that it is rewritten in place. */
  readonly isBottom: boolean
}

/** The least number of fruitless reads that cause a compaction, however small the table is. */
const minFruitlessReads = 100

/**
 * Tables that are compacted for their own sake:
 *
 * - a large share of the table is entries that were kept for snapshots and that no reader sees now.
 *   The table is rewritten in place. This reason comes first, because no other table must be read;
 * - its deletes and expired entries free a large share of the bytes that must be read to move it to
 *   the bottom;
 * - many reads, relative to its size, have searched it and found nothing;
 * - it is old.
 *
 * For each reason, the newest place comes first. A level that moves down as a whole is considered
 * as a whole, because a few of its tables do not justify rewriting it.
 */
export function dueTables(
  version: Version,
  compaction: RunCompaction,
  shape: TreeShape,
  conditions: PickConditions,
): DueTables[] {
  const due = shadowedTables(version, compaction, conditions)
  for (const group of groupsOf(version, compaction, shape)) {
    const reason = reasonFor(group, version, compaction, conditions)
    if (reason !== undefined) due.push({ ...group, staysInPlace: group.isBottom, reason })
  }
  return due
}

/** Excludes level 0, whose tables move down together. */
function shadowedTables(
  version: Version,
  { garbageShare }: RunCompaction,
  { busy, snapshots }: PickConditions,
): DueTables[] {
  const due: DueTables[] = []
  if (version.shadowedTables.length === 0) return due
  for (let level = 1; level < version.levels.length; level++) {
    for (const table of version.levels[level]) {
      const share = freeableBytes(table, snapshots) / table.sizeBytes
      if (share === 0 || share < garbageShare || busy.has(table.fileNumber)) continue
      const reason = `${percentOf(share)} of table ${table.fileNumber} is overwritten`
      due.push({ level, tables: [table], staysInPlace: true, reason })
    }
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
    // Tables that are at the bottom belong to the level, but are no reason to move it down.
    if (above.length > 0) groups.push({ level, tables, isBottom: false })
  }
  return groups
}

function reasonFor(
  { level, tables, isBottom }: Group,
  version: Version,
  { garbageShare, fruitlessReadBytes, maxTableAgeMs }: RunCompaction,
  { busy, nowMs, fruitlessReads, snapshots, rangeDeletes }: PickConditions,
): string | undefined {
  if (tables.some(({ fileNumber }) => busy.has(fileNumber))) return undefined
  const what = tables.length === 1 ? `table ${tables[0].fileNumber}` : `level ${level}`
  const overwritten = tables.reduce((sum, table) => sum + freeableBytes(table, snapshots), 0)
  const mayFree = tables.filter(
    (table) =>
      (table.deleteCount + expiredCount(table, nowMs) > 0 ||
        (isBottom ? table.rangeDeleteCount > 0 : rangeDeletes.hiddenBytes.has(table.fileNumber))) &&
      // Entries that a snapshot sees stay, and so do their deletes.
      (snapshots.length === 0 || table.maxSequence <= snapshots[0]),
  )
  if (garbageShare <= 1 && (mayFree.length > 0 || overwritten > 0)) {
    const freed = mayFree.reduce(
      (sum, table) =>
        sum + freedBytes(table, olderThan(version, level, table), rangeDeletes, nowMs),
      overwritten,
    )
    const share = freed / readBytes(version, level, tables)
    if (share >= garbageShare) {
      const causes = causesOf(mayFree, overwritten, nowMs)
      return `${causes} of ${what} free ${percentOf(share)} of the bytes that the compaction reads`
    }
  }
  const reads = tables.reduce(
    (sum, { fileNumber }) => sum + (fruitlessReads.get(fileNumber) ?? 0),
    0,
  )
  const isFruitless =
    !isBottom &&
    fruitlessReadBytes < Infinity &&
    reads >= Math.max(minFruitlessReads, totalBytes(tables) / fruitlessReadBytes) &&
    tables.some((table) => anyOlder(version, level, table))
  if (isFruitless) return `${reads} reads found nothing in ${what}`
  const isOld = tables.some(
    ({ writtenAtMs }) => writtenAtMs > 0 && nowMs - writtenAtMs > maxTableAgeMs,
  )
  return isOld ? `${what} is older than ${maxTableAgeMs} ms` : undefined
}

function causesOf(mayFree: readonly TableMetadata[], overwritten: number, nowMs: number): string {
  const causes: string[] = []
  if (mayFree.length > 0) causes.push('deletes')
  if (mayFree.some((table) => expiredCount(table, nowMs) > 0)) causes.push('expired entries')
  if (overwritten > 0) causes.push('overwritten entries')
  return causes.join(' and ')
}

function percentOf(share: number): string {
  return `${(100 * share).toFixed(0)} %`
}

/**
 * An estimate. Each delete hides an entry of average size. If nothing is below, the delete itself
 * is freed as well. Expired entries count as deletes and are always freed.
 */
function freedBytes(
  table: TableMetadata,
  older: readonly TableMetadata[],
  { hiddenBytes }: PickConditions['rangeDeletes'],
  nowMs: number,
): number {
  const { fileNumber, sizeBytes, rangeDeleteCount } = table
  const expired = expiredCount(table, nowMs)
  const deletes = table.deleteCount + expired
  const entryBytes = sizeBytes / Math.max(1, table.entryCount + rangeDeleteCount)
  if (older.length === 0) return entryBytes * (deletes + rangeDeleteCount)
  const olderBytes = totalBytes(older)
  const entries = older.reduce((sum, table) => sum + table.entryCount, 0)
  const byDeletes = (deletes * olderBytes) / Math.max(1, entries)
  const hidden = Math.min(olderBytes, byDeletes + (hiddenBytes.get(fileNumber) ?? 0))
  return entryBytes * expired + hidden
}

/** Bytes of the tables and of all tables below them. */
function readBytes(version: Version, level: number, tables: readonly TableMetadata[]): number {
  const met = new Set(tables)
  for (const table of tables) {
    for (const older of olderThan(version, level, table)) met.add(older)
  }
  return totalBytes([...met])
}
