import {
  candidateFor,
  decidePolicy,
  initialState,
} from '../compaction/pickers/adaptive/adaptive-policy.js'
import type { CompactionPolicy, Compaction } from '../compaction/pickers/compaction-options.js'
import { costOf, type Mix } from '../compaction/pickers/adaptive/policy-costs.js'
import { emptyLevels, Version } from '../version/version.js'
import type { ResolvedSimulation } from './simulate-options.js'

/** A change of policy, after this number of writes. */
export interface SimulatedChange {
  readonly writes: number
  readonly from: CompactionPolicy
  readonly to: CompactionPolicy
  readonly reason: string
}

const entriesPerScan = 50
const mergeBytesPerSecond = 64 * 1024 * 1024

/**
 * The policy of a simulation, which 'adaptive' changes as it does in a database whose user writes
 * and reads as fast as the policy in force allows. A window is a full memtable.
 *
 * Owned by: a simulation.
 */
export class SimulatedChoice {
  readonly changes: SimulatedChange[] = []
  current: Compaction
  private state = initialState
  private writes = 0

  constructor(private readonly options: ResolvedSimulation) {
    const { compaction } = options
    this.current =
      compaction.policy === 'adaptive'
        ? candidateFor(compaction, new Version(0, emptyLevels))
        : compaction
  }

  /** These bytes were written into a tree of this size. */
  wrote(writes: number, isBesideReads: boolean, dataBytes: number): void {
    const { options, current } = this
    const { compaction, memtableBytes, entryBytes } = options
    this.writes += writes
    if (compaction.policy !== 'adaptive' || current.policy === 'fifo' || writes === 0) return
    const gets = isBesideReads ? writes * options.gets : 0
    const scans = isBesideReads ? writes * options.scans : 0
    const work: Mix = {
      seconds: 1,
      writtenBytes: writes * entryBytes,
      gets,
      scans,
      scannedEntries: scans * entriesPerScan,
      stalledSeconds: 0,
    }
    const circumstances = { dataBytes, memtableBytes, mergeBytesPerSecond, threads: 1 }
    const mix = { ...work, seconds: costOf(current, work, circumstances, current) }
    const decision = decidePolicy(compaction, current, this.state, mix, circumstances)
    this.state = decision.state
    const { to, reason } = decision
    if (to === undefined) return
    this.changes.push({ writes: this.writes, from: current.policy, to: to.policy, reason })
    this.current = to
  }
}
