import type { CancelTimer, Clock } from '../../base/clock.js'
import { decidePolicy, initialState } from '../../compaction/pickers/adaptive/adaptive-policy.js'
import type {
  AdaptiveCompaction,
  RunCompaction,
} from '../../compaction/pickers/compaction-options.js'
import type { Circumstances, Mix } from '../../compaction/pickers/adaptive/policy-costs.js'

/** Operations since open. */
export interface UsageCounters extends Omit<Mix, 'seconds' | 'stalledSeconds'> {
  readonly stalledMs: number
}

export interface AdaptiveHost {
  /** Returns one of the candidates. */
  current(): RunCompaction
  usage(): UsageCounters
  circumstances(): Circumstances
  change(to: RunCompaction, reason: string): void
}

/**
 * Measures the mix of reads and writes in windows of time, and changes the compaction policy to
 * match it.
 *
 * Owned by: its PolicyControl. Lives: until `stop`. Does not keep the process alive.
 */
export class AdaptiveControl {
  private state = initialState
  private before: UsageCounters
  private beforeMs: number
  private cancel: CancelTimer = () => {}

  constructor(
    private readonly setting: AdaptiveCompaction,
    private readonly host: AdaptiveHost,
    private readonly clock: Clock,
  ) {
    this.before = host.usage()
    this.beforeMs = clock.monotonicMs()
    this.arm()
  }

  /**
   * Decides if a window has passed. Also called when a job ends, because timers do not fire on a
   * thread that never yields.
   */
  look(): void {
    const { setting, host, clock } = this
    const nowMs = clock.monotonicMs()
    if (nowMs - this.beforeMs < setting.windowMs) return
    const usage = host.usage()
    const mix = mixBetween(this.before, usage, (nowMs - this.beforeMs) / 1000)
    this.before = usage
    this.beforeMs = nowMs
    const circumstances = host.circumstances()
    const decision = decidePolicy(setting, host.current(), this.state, mix, circumstances)
    this.state = decision.state
    if (decision.to !== undefined) host.change(decision.to, decision.reason)
  }

  stop(): void {
    this.cancel()
  }

  private arm(): void {
    this.cancel = this.clock.after(this.setting.windowMs, () => {
      this.look()
      this.arm()
    })
  }
}

function mixBetween(before: UsageCounters, after: UsageCounters, seconds: number): Mix {
  return {
    seconds,
    writtenBytes: after.writtenBytes - before.writtenBytes,
    gets: after.gets - before.gets,
    scans: after.scans - before.scans,
    scannedEntries: after.scannedEntries - before.scannedEntries,
    stalledSeconds: (after.stalledMs - before.stalledMs) / 1000,
  }
}
