import type { JobExecutor } from '../jobs/job-executor.js'
import type { JobOutcome, JobRequest } from '../jobs/job-request.js'
import { abortedError, type JobWatch, ProgressMeter } from '../jobs/job-watch.js'
import { RateLimiter } from './rate-limiter.js'
import { type JobEnvironment, runJob } from '../jobs/run-job.js'

/** Runs every job to its end on the calling thread. */
export class InlineExecutor implements JobExecutor {
  readonly isInline = true
  readonly mergeSlots = 1
  readonly memoryBytes = 0
  private readonly limiter: RateLimiter

  constructor(
    private readonly environment: JobEnvironment,
    bytesPerSecond: number,
  ) {
    this.limiter = new RateLimiter(environment.clock, bytesPerSecond)
  }

  prepare(): void {}

  submit(request: JobRequest, done: (outcome: JobOutcome) => void, watch?: JobWatch): void {
    const isFlush = request.kind === 'flush'
    const onProgress = watch?.onProgress
    const meter = onProgress && new ProgressMeter(this.environment.clock, onProgress)
    const stopIfAborted = (): void => {
      if (watch?.isAborted === true) throw abortedError()
    }
    const checkpoint = (writtenBytes: number, readEntries: number): void => {
      meter?.add(readEntries)
      stopIfAborted()
      this.limiter.pay(writtenBytes, isFlush, stopIfAborted)
    }
    done(runJob(request, this.environment, checkpoint))
  }

  poll(): void {}

  /** No job is running, so the caller waits for time to pass, for example until the next retry. */
  wait(timeoutMs: number): void {
    this.environment.clock.sleepSync(timeoutMs)
  }

  abort(): void {}

  close(): Promise<void> {
    return Promise.resolve()
  }
}
