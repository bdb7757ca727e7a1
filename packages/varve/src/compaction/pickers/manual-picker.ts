import { type KeyRange, rangesOverlap } from '../../key/key-range.js'
import type { TableMetadata } from '../../version/table-metadata.js'
import type { Version } from '../../version/version.js'
import { type CompactionInput, type CompactionSpec, makeSpec, rangeOf } from './compaction-spec.js'

/**
 * One step of `compact(range)`: every table on `level` that overlaps the range moves to the next
 * level in use, from level 0 to `lastLevel` if there is none. On the deepest level, runs are merged
 * into one, and tables that hold deletes, entries that may have expired, or versions that only
 * snapshots needed are rewritten without them. Returns undefined if there is nothing to do on this
 * level, and 'busy' if other compactions are running: call again when none is.
 *
 * The caller walks down the levels, with the current Version each time, and runs each spec alone in
 * its tree, because its outputs may span gaps between its inputs:
 *
 *     for (let level = 0; level <= Math.max(1, tree.version.deepestLevel()); level++) …
 */
export function pickManual(
  version: Version,
  range: KeyRange,
  level: number,
  lastLevel: number,
  busy: ReadonlySet<number>,
): CompactionSpec | 'busy' | undefined {
  const tables = overlappingChain(version, level, range)
  if (tables.length === 0) return undefined
  const below = version.runs.find((run) => run.level > level)
  const isDeepest = level > 0 && below === undefined
  if (isDeepest && new Set(tables.map(({ run }) => run)).size === 1) {
    return pickGarbage(version, level, tables, busy)
  }
  if (busy.size > 0) return 'busy'
  const outputLevel = isDeepest ? level : (below?.level ?? lastLevel)
  const met = isDeepest ? [] : overlappingChain(version, outputLevel, rangeOf(tables))
  // Into the oldest run, since the inputs hold all that newer ones have in their range.
  const run = version.runsOf(outputLevel).at(-1)?.number ?? 0
  const inputs = [...inputsOf(level, tables), ...inputsOf(outputLevel, met)]
  return makeSpec(version, 'merge', 'manual', inputs, { level: outputLevel, run })
}

/** Not always a fixed point: what a snapshot needs stays, so this is asked once. */
function pickGarbage(
  version: Version,
  level: number,
  tables: readonly TableMetadata[],
  busy: ReadonlySet<number>,
): CompactionSpec | 'busy' | undefined {
  const stale = tables.filter(
    ({ deleteCount, rangeDeleteCount, expiringCount, shadowedCount }) =>
      deleteCount + rangeDeleteCount + expiringCount + shadowedCount > 0,
  )
  if (stale.length === 0) return undefined
  if (busy.size > 0) return 'busy'
  const run = version.runsOf(level).find(({ number }) => number === stale[0].run)!
  const between = run.overlapping(rangeOf(stale))
  const output = { level, run: run.number }
  return makeSpec(version, 'merge', 'manual', [{ level, tables: between }], output)
}

/**
 * The tables of a level that overlap the range or, through any chain, such a table: of two tables
 * that overlap, the newer one may not move below the older one.
 */
function overlappingChain(version: Version, level: number, range: KeyRange): TableMetadata[] {
  let reach = range
  let count = 0
  for (;;) {
    const tables = version.levels[level].filter((table) => rangesOverlap(table.range, reach))
    if (tables.length === count) return tables
    count = tables.length
    reach = rangeOf(tables)
  }
}

/** An input for each run; the tables of level 0 are one. */
function inputsOf(level: number, tables: readonly TableMetadata[]): CompactionInput[] {
  const runs = [...new Set(tables.map(({ run }) => run))]
  return runs.map((run) => ({ level, tables: tables.filter((table) => table.run === run) }))
}
