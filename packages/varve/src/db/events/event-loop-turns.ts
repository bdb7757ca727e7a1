import type { Clock } from '../../base/clock.js'

/** A loop of awaits that are all served from memory gives way to the event loop this often. */
const maxHoldMs = 2
/** How many calls go by between two looks at the clock. */
const callsPerLook = 64

/**
 * Promises that settle at once continue within the same turn of the event loop, so a loop over them
 * would keep timers, sockets and the background thread's messages waiting for ever. Every few
 * milliseconds one promise settles in a later turn instead.
 *
 * Owned by: the database; shared by its reads and writes.
 */
export class EventLoopTurns {
  private calls = 0
  private lastTurnMs: number

  constructor(private readonly clock: Clock) {
    this.lastTurnMs = clock.monotonicMs()
  }

  /**
   * True when the promise about to be returned should go through `later`. `calls`: how many single
   * reads or writes it stands for.
   */
  isDue(calls = 1): boolean {
    this.calls += calls
    if (this.calls < callsPerLook) return false
    this.calls = 0
    return this.clock.monotonicMs() - this.lastTurnMs > maxHoldMs
  }

  /** Resolves with `value` in a later turn. */
  later<T>(value: T): Promise<T> {
    return new Promise((resolve) => {
      this.clock.nextTurn(() => {
        this.lastTurnMs = this.clock.monotonicMs()
        resolve(value)
      })
    })
  }
}
