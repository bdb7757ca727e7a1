import type { TableMetadata } from '../../version/table-metadata.js'
import type { Version } from '../../version/version.js'
import { type CompactionSpec, makeDrop } from './compaction-spec.js'
import { anyOlder } from './older-tables.js'
import type { PickConditions } from './pick-conditions.js'

/**
 * Drops tables without visible entries: all have expired, or delete keys that do not exist. Reads
 * nothing. If there is older data below, dropping the table would make that data visible, so the
 * table stays until it is dropped or compacted.
 *
 * Snapshots do not prevent this, because entries expire for them, too.
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

/** The expired entries of a table if all its entries with an expiry have expired; otherwise 0. */
export function expiredCount(
  { expiringCount, lastExpiryMs }: Pick<TableMetadata, 'expiringCount' | 'lastExpiryMs'>,
  nowMs: number,
): number {
  return lastExpiryMs <= nowMs ? expiringCount : 0
}
