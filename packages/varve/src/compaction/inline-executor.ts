import type { JobExecutor } from './job-executor.js'
import type { JobOutcome, JobRequest } from './job-request.js'
import { RateLimiter } from './rate-limiter.js'
import { type JobEnvironment, runJob } from './run-job.js'

/** Runs every job to its end on the calling thread. */
export class InlineExecutor implements JobExecutor {
  readonly isInline = true
  readonly mergeSlots = 1
  private readonly limiter: RateLimiter

  constructor(
    private readonly environment: Omit<JobEnvironment, 'checkpoint'>,
    bytesPerSecond: number,
  ) {
    this.limiter = new RateLimiter(environment.clock, bytesPerSecond)
  }

  submit(request: JobRequest, done: (outcome: JobOutcome) => void): void {
    const isFlush = request.kind === 'flush'
    const checkpoint = (writtenBytes: number): void =>
      this.limiter.pay(writtenBytes, isFlush, () => {})
    done(runJob(request, { ...this.environment, checkpoint }))
  }

  poll(): void {}

  wait(): void {}

  abort(): void {}

  close(): Promise<void> {
    return Promise.resolve()
  }
}
