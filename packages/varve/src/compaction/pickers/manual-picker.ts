import { type KeyRange, rangesOverlap } from '../../key/key-range.js'
import type { TableMetadata } from '../../version/table-metadata.js'
import type { Version } from '../../version/version.js'
import { type CompactionSpec, makeSpec, rangeOf } from './compaction-spec.js'

/**
 * One step of `compact(range)`: everything on `level` that overlaps the range goes one level down; on
 * the deepest level, tables that hold deletes are written again without them. Undefined: nothing to
 * do on this level. 'busy': other compactions run; ask again when none does.
 *
 * The caller goes down, with the current Version each time, and runs each spec alone in its tree, as
 * its outputs may span gaps between its inputs:
 *
 *     for (let level = 0; level <= Math.max(1, tree.version.deepestLevel()); level++) …
 */
export function pickManual(
  version: Version,
  range: KeyRange,
  level: number,
  busy: ReadonlySet<number>,
): CompactionSpec | 'busy' | undefined {
  const tables = level === 0 ? overlappingLevel0(version, range) : version.overlapping(level, range)
  if (tables.length === 0) return undefined
  if (level > 0 && level >= version.deepestLevel()) return pickDeepest(version, level, tables, busy)
  const below = version.overlapping(level + 1, rangeOf(tables))
  if (busy.size > 0) return 'busy'
  const inputs = [
    { level, tables },
    { level: level + 1, tables: below },
  ]
  return makeSpec(version, 'merge', 'manual', inputs, level + 1)
}

/** Not always a fixed point: a delete that a snapshot needs stays, so this is asked once. */
function pickDeepest(
  version: Version,
  level: number,
  tables: readonly TableMetadata[],
  busy: ReadonlySet<number>,
): CompactionSpec | 'busy' | undefined {
  const stale = tables.filter((table) => table.deleteCount + table.rangeDeleteCount > 0)
  if (stale.length === 0) return undefined
  if (busy.size > 0) return 'busy'
  const between = version.overlapping(level, rangeOf(stale))
  return makeSpec(version, 'merge', 'manual', [{ level, tables: between }], level)
}

/**
 * The tables of level 0 that overlap the range or, through any chain, a table that does: of two tables
 * that overlap, the newer one may not go below the older one.
 */
function overlappingLevel0(version: Version, range: KeyRange): TableMetadata[] {
  let reach = range
  let count = 0
  for (;;) {
    const tables = version.levels[0].filter((table) => rangesOverlap(table.range, reach))
    if (tables.length === count) return tables
    count = tables.length
    reach = rangeOf(tables)
  }
}
