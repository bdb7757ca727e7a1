import type { Clock } from './clock.js'

/** Worked through before others get their turn. */
const bytesPerTurn = 4 * 1024 * 1024

/**
 * Lets the event loop run while much is read and written, and gives the work up when it is in vain.
 *
 * Owned by: the call that does the work.
 */
export class Pace {
  private untilTurn = bytesPerTurn

  /** `check` throws when the work is to be given up; it is asked with each step. */
  constructor(
    private readonly clock: Clock,
    private readonly check: () => void = () => {},
  ) {}

  /** After each step, with the bytes that it took. */
  async spent(bytes: number): Promise<void> {
    this.check()
    this.untilTurn -= bytes
    if (this.untilTurn > 0) return
    this.untilTurn = bytesPerTurn
    await new Promise<void>((resolve) => this.clock.nextTurn(resolve))
    this.check()
  }

  /** Runs work that yields after each step, the bytes of it. */
  async through<T>(work: Generator<number, T>): Promise<T> {
    for (;;) {
      const { done, value } = work.next()
      if (done === true) return value
      try {
        await this.spent(value)
      } catch (error) {
        work.return(undefined as T)
        throw error
      }
    }
  }
}
