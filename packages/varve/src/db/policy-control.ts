import type { Clock } from '../base/clock.js'
import type { Compaction } from '../compaction/pickers/compaction-options.js'
import type { Tree } from '../tree/tree.js'
import type { PolicyChange } from './api.js'
import { CompactionAlarm } from './compaction-alarm.js'

/** Changes that are remembered. */
const maxChanges = 16

/**
 * Changes the compaction policy of an open database, and remembers why.
 *
 * Owned by: the database.
 */
export class PolicyControl {
  /** Oldest first. */
  readonly changes: PolicyChange[] = []
  private readonly alarm: CompactionAlarm

  /** `check` looks for compactions that are due. */
  constructor(
    private readonly tree: Tree,
    private readonly clock: Clock,
    private readonly check: () => void,
    private readonly onChange: (change: PolicyChange) => void,
  ) {
    this.alarm = new CompactionAlarm(clock, () => tree.compaction.checkEveryMs, check)
  }

  change(to: Compaction, reason: string): void {
    const { compaction } = this.tree
    const change = {
      atMs: this.clock.wallMs(),
      from: compaction.current.policy,
      to: to.policy,
      reason,
    }
    compaction.current = to
    this.changes.push(change)
    if (this.changes.length > maxChanges) this.changes.shift()
    this.onChange(change)
    this.alarm.reset()
    this.check()
  }

  stop(): void {
    this.alarm.stop()
  }
}
