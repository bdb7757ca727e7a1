import { totalBytes } from '../../version/table-metadata.js'
import type { Version } from '../../version/version.js'
import type { LeveledOptions } from './leveled-options.js'

const nothingBusy: ReadonlySet<number> = new Set()

/** Size that a level is kept below, in bytes. Requires: level ≥ 1. */
export function targetBytes(level: number, options: LeveledOptions): number {
  return options.baseBytes * options.sizeRatio ** (level - 1)
}

/**
 * How full each level is: 1 and more asks for a compaction. The last level in use has no bound, so it
 * has no score. Tables that leave their level already (`busy`) do not count, except on level 0.
 */
export function compactionScores(
  version: Version,
  options: LeveledOptions,
  busy: ReadonlySet<number> = nothingBusy,
): number[] {
  const scores = [version.levels[0].length / options.l0Trigger]
  for (let level = 1; level < options.maxLevels - 1; level++) {
    const staying = version.levels[level].filter((table) => !busy.has(table.fileNumber))
    scores.push(totalBytes(staying) / targetBytes(level, options))
  }
  return scores
}

/**
 * Bytes that compactions would have to rewrite until every score is below 1: what writes owe. An
 * estimate; each excess byte meets its share of the level below.
 */
export function compactionDebtBytes(version: Version, options: LeveledOptions): number {
  let debt = 0
  let arriving = 0
  if (version.levels[0].length >= options.l0Trigger) {
    arriving = version.levelBytes(0)
    debt = arriving + version.levelBytes(1)
  }
  for (let level = 1; level < options.maxLevels - 1; level++) {
    const bytes = version.levelBytes(level) + arriving
    arriving = Math.max(0, bytes - targetBytes(level, options))
    if (arriving > 0) debt += arriving * (1 + version.levelBytes(level + 1) / bytes)
  }
  return Math.round(debt)
}
