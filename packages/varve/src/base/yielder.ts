import type { Clock } from './clock.js'

/** Bytes processed between two yields: a few milliseconds' worth. */
const bytesPerTurn = 1024 * 1024
/** While others use the event loop, rest this many times as long as a turn took. */
const restPerTurn = 2

/**
 * Yields to the event loop while a call reads and writes much, and ends the call early when its
 * result is no longer wanted.
 *
 * Owned by: the call that does the work.
 */
export class Yielder {
  private bytesUntilYield = bytesPerTurn
  private turnStartMs: number
  private lastActivity = 0

  /**
   * `check` runs with each step; it throws to end the work. `activity`: a counter of what others
   * do. While it grows, the work rests between turns, so that it takes a third of the time.
   */
  constructor(
    private readonly clock: Clock,
    private readonly check: () => void = () => {},
    private readonly activity: () => number = () => 0,
  ) {
    this.turnStartMs = clock.monotonicMs()
  }

  /** Call it after each step, with the bytes that the step processed. Yields if it is time to. */
  async afterStep(bytes: number): Promise<void> {
    this.check()
    this.bytesUntilYield -= bytes
    if (this.bytesUntilYield > 0) return
    this.bytesUntilYield = bytesPerTurn
    const restMs = restPerTurn * (this.clock.monotonicMs() - this.turnStartMs)
    await new Promise<void>((resolve) => this.clock.nextTurn(resolve))
    const activity = this.activity()
    if (activity !== this.lastActivity) {
      this.lastActivity = activity
      await new Promise<void>((resolve) => void this.clock.awaited(restMs, resolve))
    }
    this.turnStartMs = this.clock.monotonicMs()
    this.check()
  }

  /** Runs a generator that yields the bytes processed by each step, and returns its result. */
  async run<T>(work: Generator<number, T>): Promise<T> {
    for (;;) {
      const { done, value } = work.next()
      if (done === true) return value
      try {
        await this.afterStep(value)
      } catch (error) {
        work.return(undefined as T)
        throw error
      }
    }
  }
}
