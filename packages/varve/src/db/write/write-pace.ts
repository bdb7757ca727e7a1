import { slowdownPressure, type WritePressure } from './write-pressure.js'

/** Rates in bytes per millisecond: the first one, and the limits of what is learnt. */
const firstRate = 64 * 1024
const highestRate = 512 * 1024
const lowestRate = 1024

/** The pressure at which the learnt rate applies: a little above the slowdown threshold. */
const aim = slowdownPressure + 0.1
/** How many times the learnt rate is admitted at the lowest pressure. */
const highestShare = 2
/** From this pressure on, the share falls towards a stop. */
const brakingPressure = 0.85
const brakingShare = 0.5
const leastShare = 0.05

/** Learning is slow, because the backlog swings for tens of seconds from one merge to the next. */
const growthMs = 40_000
const declineMs = 20_000

/** Shorter delays are left to the next commit, because timers are no finer. */
const minDelayMs = 1
/** No commit is delayed longer, however large it is. */
const maxDelayMs = 100
/** A timer that fires late is made up for, up to this time. */
const burstMs = 20
/** A pause in the writes teaches no more than this. */
const maxStepMs = 200

/**
 * The rate at which writes are admitted while flushes and compactions are behind.
 *
 *     rate = learnt rate × share
 *
 *     pressure   0 ──────── 0.6 ──────── 0.85 ──────── 1
 *     share      2           1            0.5           0.05
 *
 * The share falls geometrically, and from 0.85 on evenly. It evens out the swings of the backlog
 * from one merge to the next. The learnt rate grows while the share is above 1 and shrinks while it
 * is below. So it settles at the rate of the background work, on any machine and under any load.
 *
 * Owned by: WriteStalls.
 */
export class WritePace {
  private learntRate = firstRate
  private learntAtMs = -Infinity
  /** When the bytes admitted so far are paid for. */
  private dueMs = -Infinity
  /** Writes have waited since the rate was last learnt. */
  private isLimiting = false

  /** How long a commit must wait before it is charged; 0: it is charged now. */
  admit(nowMs: number, pressure: WritePressure, bytes: number): number {
    this.learn(nowMs, pressure)
    const waitMs = this.dueMs - nowMs
    if (waitMs < minDelayMs) {
      this.charge(nowMs, pressure, bytes)
      return 0
    }
    this.isLimiting = true
    return waitMs
  }

  /** Charges a commit that has waited. */
  charge(nowMs: number, { fraction }: WritePressure, bytes: number): void {
    const paidMs = Math.max(this.dueMs, nowMs - burstMs)
    this.dueMs = Math.min(
      paidMs + bytes / (this.learntRate * shareAt(fraction)),
      nowMs + maxDelayMs,
    )
  }

  /** Full memtables say how fast flushes are, not compactions: nothing is learnt from them. */
  private learn(nowMs: number, { cause, fraction }: WritePressure): void {
    const elapsedMs = Math.min(nowMs - this.learntAtMs, maxStepMs)
    this.learntAtMs = nowMs
    // A writer that is slower than its rate says nothing about the rate.
    if (!this.isLimiting || cause === 'memtables') return
    this.isLimiting = false
    const excess = shareAt(fraction) - 1
    const learnt =
      this.learntRate * (1 + (excess * elapsedMs) / (excess > 0 ? growthMs : declineMs))
    this.learntRate = Math.min(highestRate, Math.max(lowestRate, learnt))
  }
}

function shareAt(pressure: number): number {
  if (pressure <= aim) return highestShare ** (1 - pressure / aim)
  if (pressure <= brakingPressure) {
    return brakingShare ** ((pressure - aim) / (brakingPressure - aim))
  }
  return Math.max(leastShare, (brakingShare * (1 - pressure)) / (1 - brakingPressure))
}
