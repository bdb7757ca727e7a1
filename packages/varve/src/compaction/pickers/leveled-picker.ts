import { type TableMetadata, totalBytes } from '../../version/table-metadata.js'
import type { Version } from '../../version/version.js'
import { compactionScores } from './compaction-scores.js'
import {
  anyBusy,
  areDisjoint,
  type CompactionSpec,
  makeSpec,
  rangeOf,
  tablesBelow,
} from './compaction-spec.js'
import type { LeveledOptions } from './leveled-options.js'

/**
 * A table is moved down as it is only if it overlaps no more than so many tables' worth of bytes two
 * levels down: whoever compacts it next has to rewrite all of those.
 */
export const maxGrandparentTables = 10

/** How much sooner a table goes when all its entries are deletes: it frees what it hides. */
const tombstoneWeight = 2

/**
 * The most urgent compaction that can run beside those that run already, or undefined.
 *
 * Level 0 is scored by its tables (each costs every read), the others by their bytes; the fullest
 * level whose tables are free is compacted into the one below. Level 0 goes down whole: its tables
 * overlap each other, so none may sink below an older one. From other levels the table goes that
 * costs least to merge for its size.
 *
 * `busy` holds the numbers of all inputs of running compactions of this tree.
 */
export function pickLeveled(
  version: Version,
  options: LeveledOptions,
  busy: ReadonlySet<number>,
  tableBytes: number,
): CompactionSpec | undefined {
  const scores = compactionScores(version, options, busy)
  const urgent = [...scores.keys()]
    .filter((level) => scores[level] >= 1)
    .sort((a, b) => scores[b] - scores[a])
  let reservedLevel = -1
  for (const level of urgent) {
    if (level === reservedLevel) continue
    const reason = `level ${level} at ${scores[level].toFixed(2)} of its limit`
    const maxBelowBytes = maxGrandparentTables * tableBytes
    const spec =
      level === 0
        ? pickLevel0(version, busy, reason, maxBelowBytes)
        : pickTable(version, level, busy, reason, maxBelowBytes)
    if (spec !== undefined) return spec
    // Level 0 waits for tables of level 1. If more of them were taken meanwhile, it might never go.
    if (level === 0 && !anyBusy(version.levels[0], busy)) reservedLevel = 1
  }
  return undefined
}

function pickLevel0(
  version: Version,
  busy: ReadonlySet<number>,
  reason: string,
  maxBelowBytes: number,
): CompactionSpec | undefined {
  const tables = version.levels[0]
  // All that overlap the whole extent, gaps included: an output may span a gap.
  const below = version.overlapping(1, rangeOf(tables))
  if (anyBusy(tables, busy) || anyBusy(below, busy)) return undefined
  const fitBetween = tables.every((table) => version.overlapping(1, table.range).length === 0)
  const isMove =
    fitBetween && areDisjoint(tables) && !meetTooMuch(version, tables, 1, maxBelowBytes)
  return isMove
    ? makeSpec(version, 'move', reason, [{ level: 0, tables }], 1)
    : makeSpec(
        version,
        'merge',
        reason,
        [
          { level: 0, tables },
          { level: 1, tables: below },
        ],
        1,
      )
}

function pickTable(
  version: Version,
  level: number,
  busy: ReadonlySet<number>,
  reason: string,
  maxBelowBytes: number,
): CompactionSpec | undefined {
  let best: TableMetadata | undefined
  let bestBelow: TableMetadata[] = []
  let bestCost = Infinity
  for (const table of version.levels[level]) {
    if (busy.has(table.fileNumber)) continue
    const below = version.overlapping(level + 1, table.range)
    const cost = mergeCost(table, below)
    if (cost >= bestCost || anyBusy(below, busy)) continue
    best = table
    bestBelow = below
    bestCost = cost
  }
  if (best === undefined) return undefined
  const tables = [best]
  const isMove = bestBelow.length === 0 && !meetTooMuch(version, tables, level + 1, maxBelowBytes)
  const inputs = [
    { level, tables },
    { level: level + 1, tables: bestBelow },
  ]
  return makeSpec(version, isMove ? 'move' : 'merge', reason, inputs, level + 1)
}

/** Bytes to rewrite below for each byte that leaves the level, less for tables rich in deletes. */
function mergeCost(table: TableMetadata, below: readonly TableMetadata[]): number {
  const deletes = table.deleteCount + table.rangeDeleteCount
  const share = Math.min(1, deletes / Math.max(1, table.entryCount))
  return totalBytes(below) / (table.sizeBytes * (1 + tombstoneWeight * share))
}

function meetTooMuch(
  version: Version,
  tables: readonly TableMetadata[],
  outputLevel: number,
  maxBelowBytes: number,
): boolean {
  return tables.some(
    (table) => totalBytes(tablesBelow(version, outputLevel, table.range)) > maxBelowBytes,
  )
}
