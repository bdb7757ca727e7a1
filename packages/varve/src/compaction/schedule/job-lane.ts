import type { CancelTimer, Clock } from '../../base/clock.js'
import { VarveError } from '../../base/errors.js'
import { isOutOfSpace } from './disk-space.js'

/** A failed job is retried after 1, 2, 4, … seconds, at most this many times in a row. */
export const maxRetries = 5
const firstRetryMs = 1000
/** Retry interval when the disk is full. The number of retries is unlimited. */
export const fullDiskRetryMs = 30_000
/** Retry interval of a job that was not started for lack of disk space. */
export const spaceCheckMs = 5000

/**
 * The jobs of one kind: how many are running, and how the last ones ended. Flushes and compactions
 * fail for separate reasons (a damaged table stops only compactions), so each kind has its own
 * lane.
 *
 *     failed ──1 s──▶ retry ──2 s──▶ … ──16 s──▶ retry ──▶ stop (full disk: every 30 s)
 *     no space ──5 s──▶ retry ──5 s──▶ …
 *
 * Owned by: the scheduler.
 */
export class JobLane {
  running = 0
  /** Why the lane has stopped; undefined if it has not. */
  failure: VarveError | undefined
  private failuresInRow = 0
  private isStopped = false
  private isShortOfSpace = false
  private cancelRetry: CancelTimer | undefined
  private retryAtMs = 0

  constructor(
    private readonly name: string,
    private readonly clock: Clock,
    private readonly onRetry: () => void,
  ) {}

  /** Must be read before each job, because an inline job may fail before `start` returns. */
  get mayStart(): boolean {
    return !this.isStopped && !this.isPausing
  }

  /** Whether a job that failed or had no space waits for its next retry. */
  get isPausing(): boolean {
    return this.cancelRetry !== undefined
  }

  succeeded(): void {
    this.failuresInRow = 0
    this.failure = undefined
  }

  /** Schedules a retry, or stops the lane. Returns the error to report. */
  failed(error: VarveError): VarveError {
    this.failuresInRow++
    const isOver = this.failuresInRow > maxRetries
    if (error.code === 'POISONED' || (isOver && !isOutOfSpace(error))) {
      this.isStopped = true
      this.failure = this.stopError(error)
      return this.failure
    }
    if (isOver) this.failure = error
    const delayMs = isOver ? fullDiskRetryMs : firstRetryMs * 2 ** (this.failuresInRow - 1)
    this.pause(delayMs)
    return error
  }

  /** Called when a job was not started for lack of space. Returns true the first time. */
  refused(error: VarveError): boolean {
    const isNews = !this.isShortOfSpace
    this.isShortOfSpace = true
    this.failure = error
    this.pause(spaceCheckMs)
    return isNews
  }

  /** Called when a job had enough space and was started. */
  begun(): void {
    if (!this.isShortOfSpace) return
    this.isShortOfSpace = false
    this.failure = undefined
  }

  /** Called when a job has ended, which may have freed space. */
  spaceMayBeFree(): void {
    if (this.isShortOfSpace) this.cancelPause()
  }

  /**
   * Waits for the retry on behalf of a caller that blocks the thread, where the timer cannot fire.
   */
  retryBlocking(timeoutMs: number): void {
    const leftMs = this.retryAtMs - this.clock.monotonicMs()
    if (leftMs > 0) this.clock.sleepSync(Math.min(leftMs, timeoutMs))
    if (leftMs <= timeoutMs) this.retryNow()
  }

  cancelPause(): void {
    this.cancelRetry?.()
    this.cancelRetry = undefined
  }

  private pause(delayMs: number): void {
    this.cancelPause()
    this.retryAtMs = this.clock.monotonicMs() + delayMs
    const retry = (): void => this.retryNow()
    // Retries without a limit must not keep the process alive.
    this.cancelRetry =
      this.failure === undefined
        ? this.clock.awaited(delayMs, retry)
        : this.clock.after(delayMs, retry)
  }

  private retryNow(): void {
    this.cancelPause()
    this.onRetry()
  }

  private stopError(error: VarveError): VarveError {
    return new VarveError(
      error.code,
      `${this.name} stopped after ${this.failuresInRow} failures in a row; reopen the database ` +
        `to retry: ${error.message}`,
      { ...error, cause: error },
    )
  }
}
