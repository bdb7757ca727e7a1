import type { CancelTimer, Clock } from '../base/clock.js'
import type { VarveError } from '../base/errors.js'

/** A failed job is tried again after 1, 2, 4, … seconds, this many times in a row. */
export const maxRetries = 5
const firstRetryMs = 1000

/**
 * The jobs of one kind: how many run, and what became of the last ones. Flushes and compactions fail
 * for reasons of their own (a damaged table, say, stops compactions alone), so each kind has a lane.
 *
 * Owned by: the scheduler.
 */
export class JobLane {
  running = 0
  /** Why the kind has been given up, if it has. */
  failure: VarveError | undefined
  private failuresInRow = 0
  private cancelRetry: CancelTimer | undefined
  private retryAtMs = 0

  constructor(
    private readonly clock: Clock,
    private readonly onRetry: () => void,
  ) {}

  /** Asked before each job: one that runs inline may have failed before `start` returned. */
  get mayStart(): boolean {
    return this.failure === undefined && !this.isPausing
  }

  /** Whether a failed job waits for its next try. */
  get isPausing(): boolean {
    return this.cancelRetry !== undefined
  }

  succeeded(): void {
    this.failuresInRow = 0
  }

  /** Tries again later, or gives up. */
  failed(error: VarveError): void {
    this.failuresInRow++
    if (this.failuresInRow > maxRetries || error.code === 'POISONED') {
      this.failure = error
      return
    }
    this.cancelRetry?.()
    const delayMs = firstRetryMs * 2 ** (this.failuresInRow - 1)
    this.retryAtMs = this.clock.monotonicMs() + delayMs
    this.cancelRetry = this.clock.awaited(delayMs, () => this.retryNow())
  }

  /** For a caller that holds the thread, so that the timer of the next try cannot fire. */
  retryBlocking(timeoutMs: number): void {
    const leftMs = this.retryAtMs - this.clock.monotonicMs()
    if (leftMs > 0) this.clock.sleepSync(Math.min(leftMs, timeoutMs))
    if (leftMs <= timeoutMs) this.retryNow()
  }

  stop(): void {
    this.cancelRetry?.()
    this.cancelRetry = undefined
  }

  private retryNow(): void {
    this.stop()
    this.onRetry()
  }
}
