import { totalBytes } from '../../version/table-metadata.js'
import type { Version } from '../../version/version.js'
import type { Compaction, RunCompaction } from './compaction-options.js'
import { levelBelow0, runsAllowed, shapeOf, type TreeShape } from './tree-shape.js'

const nothingBusy: ReadonlySet<number> = new Set()

/**
 * How full each level is, relative to its limit. At 1 and above, a compaction is due. Level 0 is
 * measured by the number of its tables, because each of them costs every read; the other levels are
 * measured by their runs and bytes. Tables that are leaving their level (`busy`) do not count,
 * except on level
 * 0.
 */
export function compactionScores(
  version: Version,
  compaction: RunCompaction,
  busy: ReadonlySet<number> = nothingBusy,
  shape: TreeShape = shapeOf(version, compaction),
): number[] {
  const scores = [version.levels[0].length / compaction.l0Trigger]
  for (let level = 1; level <= shape.lastLevel; level++) {
    const allowed = runsAllowed(level, shape, compaction)
    const byRuns = runScore(version, level, allowed, busy)
    const byBytes = level < shape.lastLevel ? byteScore(version, level, compaction, busy, shape) : 0
    // Several runs move down together, for either reason. Where only one is allowed, the number of
    // runs counts first.
    scores.push(allowed > 1 ? Math.max(byRuns, byBytes) : byRuns + byBytes)
  }
  return scores
}

/** How far level 0 is from its slowdown to its stop when it comes before all other levels. */
const urgentShare = 0.75

/**
 * Whether level 0 comes first whatever the scores are, because it would soon stop writes. With a
 * lower limit the other levels would starve under sustained writes.
 */
export function isLevel0Urgent(version: Version, { l0Slowdown, l0Stop }: RunCompaction): boolean {
  return version.levels[0].length >= l0Slowdown + urgentShare * (l0Stop - l0Slowdown)
}

/** The state of a level, for users. */
interface LevelState {
  /** At 1 and above, a compaction is due. */
  readonly score: number
  /** Size at which the level is compacted; 0 if its size does not matter. */
  readonly targetBytes: number
}

export function levelStates(version: Version, compaction: Compaction): LevelState[] {
  if (compaction.policy === 'fifo') {
    const score = totalBytes(version.levels.flat()) / compaction.maxBytes
    return version.levels.map((_, level) => ({ score: level === 0 ? score : 0, targetBytes: 0 }))
  }
  const shape = shapeOf(version, compaction)
  const scores = compactionScores(version, compaction, nothingBusy, shape)
  return version.levels.map((_, level) => ({
    score: scores[level] ?? 0,
    targetBytes: level > 0 && level < shape.lastLevel ? Math.round(shape.capacities[level]) : 0,
  }))
}

/** The score by number of runs. A single run is never too many. */
function runScore(
  version: Version,
  level: number,
  allowed: number,
  busy: ReadonlySet<number>,
): number {
  const staying = version
    .runsOf(level)
    .filter(({ tables }) => tables.some((table) => !busy.has(table.fileNumber)))
  return staying.length > 1 ? staying.length / (allowed + 1) : 0
}

function byteScore(
  version: Version,
  level: number,
  compaction: RunCompaction,
  busy: ReadonlySet<number>,
  { baseLevel, capacities }: TreeShape,
): number {
  const { runsPerLevel, baseBytes } = compaction
  const staying = version.levels[level].filter((table) => !busy.has(table.fileNumber))
  const bytes = totalBytes(staying)
  if (bytes === 0) return 0
  // Data above the base level moves down.
  if (runsPerLevel === 1 && level < baseLevel) return 1 + bytes / baseBytes
  return bytes / capacities[level]
}

/**
 * An estimate of the bytes that compactions must write until every score is below 1. On a level
 * with one run, each excess byte is merged with its share of the level below.
 */
export function compactionDebtBytes(version: Version, compaction: Compaction): number {
  if (compaction.policy === 'fifo') return 0
  const shape = shapeOf(version, compaction)
  const first = levelBelow0(version, shape)
  const isDue = version.levels[0].length >= compaction.l0Trigger
  let arriving = isDue ? version.levelBytes(0) : 0
  let debt = 0
  for (let level = first; level <= shape.lastLevel; level++) {
    const allowed = runsAllowed(level, shape, compaction)
    const held = version.levelBytes(level)
    const runs = version.runsOf(level).length + (arriving > 0 ? 1 : 0)
    const bytes = held + arriving
    if (level === first && arriving > 0) debt += allowed === 1 ? bytes : arriving
    if (level === shape.lastLevel) {
      if (runs > allowed && allowed > 1) debt += bytes
    } else if (allowed === 1) {
      arriving = Math.max(0, bytes - shape.capacities[level])
      if (arriving > 0) debt += arriving * (1 + version.levelBytes(level + 1) / bytes)
    } else {
      arriving = runs > allowed ? bytes : 0
      const isJoined = runsAllowed(level + 1, shape, compaction) === 1
      if (arriving > 0) debt += bytes + (isJoined ? version.levelBytes(level + 1) : 0)
    }
  }
  return Math.round(debt)
}
