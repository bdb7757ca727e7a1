import type { CancelTimer, Clock } from '../../base/clock.js'
import { VarveError } from '../../base/errors.js'
import { isOutOfSpace } from './disk-space.js'

/** A failed job is tried again after 1, 2, 4, … seconds, this many times in a row. */
export const maxRetries = 5
const firstRetryMs = 1000
/** On a full disk it is tried for ever, at such intervals. */
export const fullDiskRetryMs = 30_000
/** A job for which there is no room is asked for again so often. */
export const spaceCheckMs = 5000

/**
 * The jobs of one kind: how many run, and what became of the last ones. Flushes and compactions fail
 * for reasons of their own (a damaged table, say, stops compactions alone), so each kind has a lane.
 *
 *     failed ──1 s──▶ again ──2 s──▶ … ──16 s──▶ again ──▶ given up, or on a full disk: every 30 s
 *     no room ──5 s──▶ again ──5 s──▶ …
 *
 * Owned by: the scheduler.
 */
export class JobLane {
  running = 0
  /** Why it would be in vain to wait for such jobs, if so. */
  failure: VarveError | undefined
  private failuresInRow = 0
  private isGivenUp = false
  private isShortOfSpace = false
  private cancelRetry: CancelTimer | undefined
  private retryAtMs = 0

  constructor(
    private readonly name: string,
    private readonly clock: Clock,
    private readonly onRetry: () => void,
  ) {}

  /** Asked before each job: one that runs inline may have failed before `start` returned. */
  get mayStart(): boolean {
    return !this.isGivenUp && !this.isPausing
  }

  /** Whether a job that failed, or had no room, waits for its next try. */
  get isPausing(): boolean {
    return this.cancelRetry !== undefined
  }

  succeeded(): void {
    this.failuresInRow = 0
    this.failure = undefined
  }

  /** Tries again later, or gives up. Returns what to tell. */
  failed(error: VarveError): VarveError {
    this.failuresInRow++
    const isOver = this.failuresInRow > maxRetries
    if (error.code === 'POISONED' || (isOver && !isOutOfSpace(error))) {
      this.isGivenUp = true
      this.failure = this.givenUp(error)
      return this.failure
    }
    if (isOver) this.failure = error
    const delayMs = isOver ? fullDiskRetryMs : firstRetryMs * 2 ** (this.failuresInRow - 1)
    this.pause(delayMs)
    return error
  }

  /** A job was not begun as there is no room. True when that was not known before. */
  refused(error: VarveError): boolean {
    const isNews = !this.isShortOfSpace
    this.isShortOfSpace = true
    this.failure = error
    this.pause(spaceCheckMs)
    return isNews
  }

  /** There was room for a job. */
  begun(): void {
    if (!this.isShortOfSpace) return
    this.isShortOfSpace = false
    this.failure = undefined
  }

  /** A job has ended, and may have left room. */
  roomMayHaveCome(): void {
    if (this.isShortOfSpace) this.stop()
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

  private pause(delayMs: number): void {
    this.stop()
    this.retryAtMs = this.clock.monotonicMs() + delayMs
    const retry = (): void => this.retryNow()
    // What may go on for ever must not keep the process alive.
    this.cancelRetry =
      this.failure === undefined
        ? this.clock.awaited(delayMs, retry)
        : this.clock.after(delayMs, retry)
  }

  private retryNow(): void {
    this.stop()
    this.onRetry()
  }

  private givenUp(error: VarveError): VarveError {
    return new VarveError(
      error.code,
      `${this.name} are given up after ${this.failuresInRow} failures in a row, until the database ` +
        `is opened again: ${error.message}`,
      { ...error, cause: error },
    )
  }
}
