import type { Clock } from './clock.js'

/** Bytes processed between two yields. */
const bytesPerTurn = 4 * 1024 * 1024

/**
 * Yields to the event loop while a call reads and writes much, and ends the call early when its
 * result is no longer wanted.
 *
 * Owned by: the call that does the work.
 */
export class Yielder {
  private bytesUntilYield = bytesPerTurn

  /** `check` runs with each step; it throws to end the work. */
  constructor(
    private readonly clock: Clock,
    private readonly check: () => void = () => {},
  ) {}

  /** Call it after each step, with the bytes that the step processed. Yields if it is time to. */
  async afterStep(bytes: number): Promise<void> {
    this.check()
    this.bytesUntilYield -= bytes
    if (this.bytesUntilYield > 0) return
    this.bytesUntilYield = bytesPerTurn
    await new Promise<void>((resolve) => this.clock.nextTurn(resolve))
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
