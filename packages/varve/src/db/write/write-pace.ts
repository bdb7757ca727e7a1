import { slowdownPressure, type WritePressure } from './write-pressure.js'

/** Rates in bytes per millisecond: at first, and the limits of what is learnt. */
const firstRate = 64_000
const highestRate = 512_000
const lowestRate = 1000

/** The pressure that the pace aims at. */
const aim = 0.8 * slowdownPressure
/** How strongly the rate follows the present pressure, and how fast it learns. */
const proportional = 1
const integral = 0.5

/** Pressure at which the rate starts to fall towards a stop. */
const brakingPressure = 0.6
/** Share of the rate that is left just before a stop. */
const leastShare = 0.02

/** Shorter delays are left to the next commit, because timers are no finer. */
const minDelayMs = 1
/** No commit is delayed longer, however large it is. */
const maxDelayMs = 100

/** A pause in the writes teaches no more than this. */
const maxStepMs = 1000
/** Writes may be this far ahead of their rate. */
const burstMs = 5

/**
 * The rate at which writes are admitted, found by feedback: a PI controller that keeps the pressure
 * at its aim. The rate then is what flushes and compactions get done, on any machine and under any
 * load.
 *
 *     rate = learnt rate × e^(P × (aim − pressure)) × brake
 *
 *     learnt rate   grows while pressure < aim, shrinks while pressure > aim
 *     P             reacts to the swings of the backlog while one merge follows the other
 *     brake         1, and from a pressure of 0.6 down to 0.02 just before a stop
 *
 * The controller measures time in spans: the bytes that take the pressure from 0 to 1. In this unit
 * the pressure always follows the rate in the same way, so two constants suit memtables of any size
 * and machines of any speed. With P = 1 and I = 0.5 the loop has a damping of 0.7, so it settles
 * after one swing.
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

  /** How long a commit must wait before it asks again; 0: its bytes are charged. */
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
    this.dueMs = Math.min(paidMs + bytes / this.rateAt(fraction), nowMs + maxDelayMs)
  }

  /** Writes are stopped, or held back at this pressure: adapts the rate to the time passed. */
  learn(nowMs: number, { fraction, spanBytes }: WritePressure): void {
    const elapsedMs = Math.min(nowMs - this.learntAtMs, maxStepMs)
    this.learntAtMs = nowMs
    const error = aim - fraction
    // A writer that is slower than its rate says nothing about a higher one.
    if (error > 0 && !this.isLimiting) return
    this.isLimiting = false
    const spans = (elapsedMs * this.learntRate) / spanBytes
    const learnt = this.learntRate * Math.exp(integral * error * Math.min(spans, 1))
    this.learntRate = Math.min(highestRate, Math.max(lowestRate, learnt))
  }

  private rateAt(fraction: number): number {
    const rate = this.learntRate * Math.exp(proportional * (aim - fraction))
    if (fraction <= brakingPressure) return rate
    const left = (1 - fraction) / (1 - brakingPressure)
    return rate * Math.max(leastShare, left * left)
  }
}
