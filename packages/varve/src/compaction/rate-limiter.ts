import type { Clock } from '../base/clock.js'

/** A pause is not longer than this at a time, so that an abort is noticed. */
const maxPauseMs = 100

/**
 * Token bucket over bytes: a job that has written more than its share sleeps. Flushes are charged but
 * never delayed, so they eat into what compactions may write.
 */
export class RateLimiter {
  /** Bytes that may be written now; negative: a debt. */
  private budget = 0
  private lastMs: number

  constructor(
    private readonly clock: Clock,
    private readonly bytesPerSecond: number,
  ) {
    this.lastMs = clock.monotonicMs()
  }

  /** Charges `bytes`, and sleeps off part of the debt when `mayWait`. */
  charge(bytes: number, mayWait: boolean): void {
    if (this.bytesPerSecond === Infinity) return
    const nowMs = this.clock.monotonicMs()
    // Unused budget is kept for a tenth of a second, no longer: a burst stays a burst.
    const refill = ((nowMs - this.lastMs) * this.bytesPerSecond) / 1000
    this.budget = Math.min(this.budget + refill, this.bytesPerSecond / 10) - bytes
    this.lastMs = nowMs
    if (!mayWait || this.budget >= 0) return
    const owedMs = (-this.budget * 1000) / this.bytesPerSecond
    this.clock.sleepSync(Math.min(owedMs, maxPauseMs))
  }
}
