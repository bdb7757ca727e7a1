import type { Version } from '../../version/version.js'
import { type CompactionSpec, makeDrop } from './compaction-spec.js'
import type { PickConditions } from './pick-conditions.js'

/**
 * Drops tables whose entries are all deleted by range deletes that every snapshot sees, so that a
 * clear frees their space without reading them. The range deletes themselves stay, because they may
 * hide entries elsewhere.
 */
export function pickCovered(
  version: Version,
  { rangeDeletes, snapshots, busy }: PickConditions,
): CompactionSpec | undefined {
  const free = rangeDeletes.covered
    .filter(({ table }) => !busy.has(table.fileNumber))
    .filter(
      ({ table, deletedAt }) =>
        !snapshots.some((sequence) => sequence >= table.minSequence && sequence < deletedAt),
    )
  if (free.length === 0) return undefined
  const tables = free.map(({ table }) => table)
  return makeDrop(version, 'every entry is deleted', tables)
}
