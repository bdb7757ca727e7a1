import { Prng } from '../../base/prng.js'
import { type CancelTimer, type Clock, systemClock } from '../../base/clock.js'

const startMs = Date.UTC(2024, 0, 1)

/** A deterministic clock for tests: time passes only in `sleepSync` and `advance`. */
export class VirtualClock implements Clock {
  private readonly random: Prng
  private readonly timers = new Set<{ readonly dueMs: number; readonly callback: () => void }>()

  /**
   * `nowMs`: the initial `monotonicMs` and the offset of `wallMs`. Requires: clocks whose tokens
   * are used in one directory have different seeds.
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

  /** Fires no timer, like the real clock: timers belong to the event loop. */
  sleepSync(delayMs: number): void {
    this.nowMs += delayMs
  }

  /** Lets time pass and fires the timers that are due. */
  advance(delayMs: number): void {
    this.nowMs += delayMs
    for (const timer of [...this.timers]) {
      if (timer.dueMs <= this.nowMs && this.timers.delete(timer)) timer.callback()
    }
  }

  /** Advances to the next timer. Returns false if there is no timer. */
  advanceToNextTimer(): boolean {
    if (this.timers.size === 0) return false
    const dueMs = Math.min(...[...this.timers].map((timer) => timer.dueMs))
    this.advance(Math.max(0, dueMs - this.nowMs))
    return true
  }
}
