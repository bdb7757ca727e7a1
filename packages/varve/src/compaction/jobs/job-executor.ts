import type { JobOutcome, JobRequest } from './job-request.js'
import type { JobWatch } from './job-watch.js'

/**
 * Where jobs run. The two implementations differ in who waits: `InlineExecutor` runs a job on the
 * calling thread before `submit` returns, `ThreadExecutor` on a worker, and tells later.
 */
export interface JobExecutor {
  /** True when `submit` runs the job before it returns. */
  readonly isInline: boolean
  /** Merges that may run at once; flushes are always accepted. */
  readonly mergeSlots: number
  /** Starts what the first job will need, so that it is there when that comes. */
  prepare(): void
  /** Calls `done` once, in a turn of the event loop, from `poll` or `wait`, or (inline) at once. */
  submit(request: JobRequest, done: (outcome: JobOutcome) => void, watch?: JobWatch): void
  /** Delivers the outcomes that have arrived, without a turn of the event loop. */
  poll(): void
  /** Blocks the thread until a job ends or the time is over, then polls. */
  wait(timeoutMs: number): void
  /** Makes running jobs fail with ABORTED as soon as they notice. */
  abort(): void
  /** Resolves when no thread is left. Requires: nothing is submitted afterwards. */
  close(): Promise<void>
}
