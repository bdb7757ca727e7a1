import type { CancelTimer, Clock } from '../../base/clock.js'

/** Timers do not go further than this. */
const maxDelayMs = 60_000

/**
 * Asks for compactions that nothing but the time makes due: tables grow old, and their entries expire,
 * without being written to.
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

  /** After a change of the policy, or of the tables. */
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
