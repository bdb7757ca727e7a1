import type { Clock } from '../../base/clock.js'
import { candidateFor } from '../../compaction/pickers/adaptive/adaptive-policy.js'
import type {
  AdaptiveCompaction,
  Compaction,
  CompactionSetting,
  RunCompaction,
} from '../../compaction/pickers/compaction-options.js'
import type { Tree } from '../../tree/tree.js'
import { AdaptiveControl, type AdaptiveHost } from './adaptive-control.js'
import type { PolicyChange } from '../api.js'
import { CompactionAlarm } from './compaction-alarm.js'

/** The number of changes that `stats` reports. */
const maxChanges = 16

interface PolicyHost extends Pick<AdaptiveHost, 'usage' | 'circumstances'> {
  /** Starts the compactions that are due. */
  check(): void
  changed(change: PolicyChange): void
}

/**
 * Changes the compaction policy of an open database, on request or to match the workload, and
 * records the reasons.
 *
 * Owned by: the database.
 */
export class PolicyControl {
  /** Oldest first. */
  readonly changes: PolicyChange[] = []
  private readonly alarm: CompactionAlarm
  private adaptive: AdaptiveControl | undefined

  constructor(
    private readonly tree: Tree,
    private readonly clock: Clock,
    private readonly host: PolicyHost,
  ) {
    const { compaction, options } = tree
    this.alarm = new CompactionAlarm(
      clock,
      () => compaction.checkAfterMs(tree.currentVersion()),
      () => host.check(),
    )
    if (options.compaction.policy === 'adaptive') this.adapt(options.compaction)
  }

  get isAdaptive(): boolean {
    return this.adaptive !== undefined
  }

  /** Sets the policy that the user chose. */
  set(setting: CompactionSetting): void {
    this.adaptive?.stop()
    this.adaptive = undefined
    if (setting.policy !== 'adaptive') {
      this.change(setting, 'set by setCompaction')
      return
    }
    const first = candidateFor(setting, this.tree.currentVersion())
    this.change(first, 'set to adaptive; starts with the policy that matches the shape of the tree')
    this.adapt(setting)
  }

  /** Called when a job ends. */
  look(): void {
    this.adaptive?.look()
    this.alarm.reset()
  }

  stop(): void {
    this.adaptive?.stop()
    this.alarm.stop()
  }

  private adapt(setting: AdaptiveCompaction): void {
    const { tree, host, clock } = this
    const adaptiveHost: AdaptiveHost = {
      // From now on only `adaptive` changes the policy, among its candidates.
      current: () => tree.compaction.current as RunCompaction,
      usage: () => host.usage(),
      circumstances: () => host.circumstances(),
      change: (to, reason) => this.change(to, `adaptive: ${reason}`),
    }
    this.adaptive = new AdaptiveControl(setting, adaptiveHost, clock)
  }

  private change(to: Compaction, reason: string): void {
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
    this.host.changed(change)
    this.alarm.reset()
    this.host.check()
  }
}
