import type { Clock } from '../../base/clock.js'

/** A loop of awaits that never leaves memory yields to the event loop at this interval. */
const maxHoldMs = 2
/** Calls between two readings of the clock. */
const callsPerLook = 64

/**
 * Promises that are already resolved continue in the same turn of the event loop. A loop over them
 * would starve timers, sockets and messages of the background thread. So every few milliseconds,
 * one promise resolves in a later turn.
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
   * Whether the promise to return should go through `later`. `calls`: the number of single reads or
   * writes that it covers.
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
