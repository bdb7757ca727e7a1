import { type CancelTimer, type Clock, systemClock } from '../base/clock.js'

/** A clock for tests: time passes only in `sleepSync` and `advance`. */
export class VirtualClock implements Clock {
  private nowMs = 0
  private readonly timers = new Set<{ readonly dueMs: number; readonly callback: () => void }>()

  wallMs(): number {
    return systemClock.wallMs()
  }

  nextTurn(callback: () => void): void {
    systemClock.nextTurn(callback)
  }

  uniqueToken(): string {
    return systemClock.uniqueToken()
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
}
