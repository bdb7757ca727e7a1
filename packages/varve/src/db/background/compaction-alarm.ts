import type { CancelTimer, Clock } from '../../base/clock.js'

/** The longest delay of the timer. */
const maxDelayMs = 60_000

/**
 * Starts compactions that become due as time passes, without a write: tables grow old and entries
 * expire.
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

  /** Restarts the timer after a change of the policy or of the tables. */
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
