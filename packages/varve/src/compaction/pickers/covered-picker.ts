import type { Version } from '../../version/version.js'
import { type CompactionSpec, makeDrop } from './compaction-spec.js'
import type { PickConditions } from './pick-conditions.js'

/**
 * Drops the tables that range deletes have deleted to the last entry, if no snapshot sees them: a clear
 * gives its space back without a byte being read. The range deletes themselves stay for what they may
 * hide elsewhere.
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
