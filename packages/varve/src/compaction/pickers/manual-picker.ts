import { type KeyRange, rangesOverlap } from '../../key/key-range.js'
import type { TableMetadata } from '../../version/table-metadata.js'
import type { Version } from '../../version/version.js'
import { type CompactionInput, type CompactionSpec, makeSpec, rangeOf } from './compaction-spec.js'

/**
 * One step of `compact(range)`: moves every table on `level` that overlaps the range to the next
 * level in use; from level 0, to `lastLevel` if no other is in use. On the deepest level, merges
 * runs into one, and rewrites tables without their deletes, expired entries, and versions that only
 * snapshots needed. Returns undefined if there is nothing to do on this level, and 'busy' if other
 * compactions are running: call again when they have ended.
 *
 * The caller goes down the levels, with the current Version each time. It runs each spec while no
 * other compaction runs in the tree, because the outputs may span gaps between the inputs:
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
  // Into the oldest run: the inputs contain everything that newer runs hold in their range.
  const run = version.runsOf(outputLevel).at(-1)?.number ?? 0
  const inputs = [...inputsOf(level, tables), ...inputsOf(outputLevel, met)]
  return makeSpec(version, 'merge', 'manual', inputs, { level: outputLevel, run, isManual: true })
}

/** Called only once, because it may not reach a fixed point: entries that a snapshot needs stay. */
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
  const output = { level, run: run.number, isManual: true }
  return makeSpec(version, 'merge', 'manual', [{ level, tables: between }], output)
}

/**
 * The tables of a level that overlap the range, directly or through a chain of overlapping tables:
 * of two tables that overlap, the newer one must not move below the older one.
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

/** One input per run; the tables of level 0 form one input. */
function inputsOf(level: number, tables: readonly TableMetadata[]): CompactionInput[] {
  const runs = [...new Set(tables.map(({ run }) => run))]
  return runs.map((run) => ({ level, tables: tables.filter((table) => table.run === run) }))
}
