import { levelCount, type Version } from '../../version/version.js'
import type { RunCompaction } from './compaction-options.js'

/**
 * How much each level of a tree may hold. The largest run, on any level, determines the size of the
 * last level. Each other level may hold 1 / sizeRatio of the level below it. The tree grows at its
 * top, and most of the data is always on its last level:
 *
 *     10 GB, sizeRatio 10     level 4          100 MB     base level: at most baseBytes
 *     one run a level         level 5            1 GB
 *                             level 6   10 GB             last level
 */
export interface TreeShape {
  readonly lastLevel: number
  /** The level that level 0 is merged into, unless a level above it is in use. */
  readonly baseLevel: number
  /**
   * Bytes that each level may hold. For the last level, the expected size; for level 0, Infinity.
   */
  readonly capacities: readonly number[]
}

/** The least number of merges of level 0 for which a level of several runs pays off. */
const minMergesPerLevel = 2

export function shapeOf(version: Version, compaction: RunCompaction): TreeShape {
  const { sizeRatio, runsPerLevel, runsInLastLevel, baseBytes, maxLevels } = compaction
  // A tree that was written with more levels keeps them.
  const lastLevel = Math.max(maxLevels - 1, version.deepestLevel())
  const largestRun = version.runs.reduce((largest, run) => Math.max(largest, run.sizeBytes), 0)
  const capacities = Array.from({ length: levelCount }, () => Infinity)
  // A level that moves down as a whole may fill all its runs first.
  const fullBytes = largestRun * runsInLastLevel * (runsPerLevel > 1 ? 1 + 1 / runsPerLevel : 1)
  for (let level = lastLevel; level >= 1; level--) {
    capacities[level] = fullBytes / sizeRatio ** (lastLevel - level)
  }
  let baseLevel = lastLevel
  if (runsPerLevel === 1) {
    while (baseLevel > 1 && capacities[baseLevel] > baseBytes) baseLevel--
  } else {
    const leastBytes = minMergesPerLevel * version.levelBytes(0)
    while (baseLevel > 1 && capacities[baseLevel - 1] >= leastBytes) baseLevel--
  }
  return { lastLevel, baseLevel, capacities }
}

/** How many sorted runs a level may hold. Requires: level ≥ 1. */
export function runsAllowed(level: number, shape: TreeShape, compaction: RunCompaction): number {
  return level === shape.lastLevel ? compaction.runsInLastLevel : compaction.runsPerLevel
}

/**
 * The level that level 0 moves to: the base level, unless a level above it holds tables, which are
 * older than those of level 0.
 */
export function levelBelow0(version: Version, shape: TreeShape): number {
  const top = version.runs.at(0)?.level ?? levelCount
  return Math.min(top, shape.baseLevel)
}
