import type { Version } from '../../version/version.js'
import type { Compaction } from './compaction-options.js'
import type { CompactionSpec } from './compaction-spec.js'
import { pickCovered } from './covered-picker.js'
import { pickExpired } from './expired-picker.js'
import { pickFifo } from './fifo-picker.js'
import type { PickConditions } from './pick-conditions.js'
import { pickRuns } from './run-picker.js'

/**
 * The most urgent compaction that can run in parallel with the running ones, or undefined. Pure.
 */
export function pickCompaction(
  version: Version,
  compaction: Compaction,
  conditions: PickConditions,
): CompactionSpec | undefined {
  if (compaction.policy === 'fifo') return pickFifo(version, compaction, conditions)
  return (
    pickCovered(version, conditions) ??
    pickExpired(version, conditions) ??
    pickRuns(version, compaction, conditions)
  )
}
