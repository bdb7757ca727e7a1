import { Prng } from '../../base/prng.js'
import { type CancelTimer, type Clock, systemClock } from '../../base/clock.js'

const startMs = Date.UTC(2024, 0, 1)

/** A clock for tests: time passes only in `sleepSync` and `advance`. Nothing in it is left to chance. */
export class VirtualClock implements Clock {
  private readonly random: Prng
  private readonly timers = new Set<{ readonly dueMs: number; readonly callback: () => void }>()

  /**
   * Clocks whose tokens meet in one directory need different seeds. `nowMs`: what `monotonicMs` begins
   * with, and how far `wallMs` is.
   */
  constructor(
    seed = 0,
    private nowMs = 0,
  ) {
    this.random = new Prng(seed)
  }

  wallMs(): number {
    return startMs + this.nowMs
  }

  nextTurn(callback: () => void): void {
    systemClock.nextTurn(callback)
  }

  uniqueToken(): string {
    return this.random.bytes(8).toString('hex')
  }

  monotonicMs(): number {
    return this.nowMs
  }

  after(delayMs: number, callback: () => void): CancelTimer {
    const timer = { dueMs: this.nowMs + delayMs, callback }
    this.timers.add(timer)
    return () => void this.timers.delete(timer)
  }

  awaited(delayMs: number, callback: () => void): CancelTimer {
    return this.after(delayMs, callback)
  }

  /** Like the real one, calls no timer: those are for the event loop. */
  sleepSync(delayMs: number): void {
    this.nowMs += delayMs
  }

  /** Lets time pass, and calls the timers that are due then. */
  advance(delayMs: number): void {
    this.nowMs += delayMs
    for (const timer of [...this.timers]) {
      if (timer.dueMs <= this.nowMs && this.timers.delete(timer)) timer.callback()
    }
  }

  /** Advances to the timer that is due first; false when there is none. */
  advanceToNextTimer(): boolean {
    if (this.timers.size === 0) return false
    const dueMs = Math.min(...[...this.timers].map((timer) => timer.dueMs))
    this.advance(Math.max(0, dueMs - this.nowMs))
    return true
  }
}
