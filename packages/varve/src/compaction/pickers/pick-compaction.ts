import type { Version } from '../../version/version.js'
import type { Compaction } from './compaction-options.js'
import type { CompactionSpec } from './compaction-spec.js'
import { pickFifo } from './fifo-picker.js'
import { pickRuns } from './run-picker.js'

/** What a decision depends on beside the tree and its policy. */
export interface PickConditions {
  /** Numbers of all inputs of running compactions of this tree. */
  readonly busy: ReadonlySet<number>
  /** Size at which a compaction begins the next table. */
  readonly tableBytes: number
  /** Wall-clock time in milliseconds since 1970. */
  readonly nowMs: number
}

/** The most urgent compaction that can run beside those that run already, or undefined. Pure. */
export function pickCompaction(
  version: Version,
  compaction: Compaction,
  { busy, tableBytes, nowMs }: PickConditions,
): CompactionSpec | undefined {
  return compaction.policy === 'fifo'
    ? pickFifo(version, compaction, busy, nowMs)
    : pickRuns(version, compaction, busy, tableBytes)
}
