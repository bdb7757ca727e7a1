import type { JobOutcome, JobRequest } from './job-request.js'
import type { JobWatch } from './job-watch.js'

/**
 * Runs jobs. `InlineExecutor` runs a job on the calling thread before `submit` returns;
 * `ThreadExecutor` runs it on a worker and reports the outcome later.
 */
export interface JobExecutor {
  /** True if `submit` runs the job before it returns. */
  readonly isInline: boolean
  /** The number of merges that may run in parallel. Flushes are always accepted. */
  readonly mergeSlots: number
  /** Heap and buffers of its workers, which other databases may share. */
  readonly memoryBytes: number
  /** Starts workers before the first job. */
  prepare(): void
  /**
   * Runs a job and calls `done` once: from the event loop, `poll` or `wait`, or (inline) before it
   * returns.
   */
  submit(request: JobRequest, done: (outcome: JobOutcome) => void, watch?: JobWatch): void
  /** Delivers outcomes that have arrived, without a turn of the event loop. */
  poll(): void
  /** Blocks the thread until a job ends or the timeout expires, then polls. */
  wait(timeoutMs: number): void
  /** Makes running jobs fail with ABORTED at their next checkpoint. */
  abort(): void
  /** Requires: no job is running, and none is submitted afterwards. */
  close(): Promise<void>
}
