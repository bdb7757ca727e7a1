import type { TableMetadata } from '../../version/table-metadata.js'
import type { Version } from '../../version/version.js'
import { type CompactionSpec, makeDrop } from './compaction-spec.js'
import { anyOlder } from './older-tables.js'
import type { PickConditions } from './pick-conditions.js'

/**
 * Drops the tables in which nobody can see anything any more, since what they hold has expired or
 * deletes what is not there: not a byte is read. Where something older lies beneath, it would come to
 * light, so such a table waits until that is gone, or is compacted.
 *
 * Snapshots do not hold them: time passes for these too.
 */
export function pickExpired(
  version: Version,
  { busy, nowMs }: Pick<PickConditions, 'busy' | 'nowMs'>,
): CompactionSpec | undefined {
  const tables = version.levels.flatMap((level, number) =>
    level.filter(
      (table) =>
        expiredCount(table, nowMs) > 0 &&
        table.expiringCount + table.deleteCount === table.entryCount &&
        !busy.has(table.fileNumber) &&
        !anyOlder(version, number, table),
    ),
  )
  return tables.length === 0 ? undefined : makeDrop(version, 'every entry has expired', tables)
}

/** Entries that have expired, once all of the table that expire have; until then 0. */
export function expiredCount(
  { expiringCount, lastExpiryMs }: Pick<TableMetadata, 'expiringCount' | 'lastExpiryMs'>,
  nowMs: number,
): number {
  return lastExpiryMs <= nowMs ? expiringCount : 0
}
