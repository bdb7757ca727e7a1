import type { CancelTimer, Clock } from '../../base/clock.js'

/** The longest delay of a timer. */
const maxDelayMs = 60_000

/**
 * Starts compactions that become due with time alone: tables grow old and their entries expire
 * without a write.
 *
 * Owned by: the database. Does not keep the process alive.
 */
export class CompactionAlarm {
  private cancel: CancelTimer = () => {}

  constructor(
    private readonly clock: Clock,
    private readonly checkAfterMs: () => number,
    private readonly check: () => void,
  ) {
    this.reset()
  }

  /** Sets the timer again, after a change of the policy or of the tables. */
  reset(): void {
    this.cancel()
    const delayMs = this.checkAfterMs()
    if (delayMs === Infinity) return
    this.cancel = this.clock.after(Math.min(delayMs, maxDelayMs), () => {
      this.check()
      this.reset()
    })
  }

  stop(): void {
    this.cancel()
  }
}
