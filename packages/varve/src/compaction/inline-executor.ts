import type { JobExecutor } from './job-executor.js'
import type { JobOutcome, JobRequest } from './job-request.js'
import { type JobEnvironment, runJob } from './run-job.js'

/** Runs every job to its end on the calling thread. */
export class InlineExecutor implements JobExecutor {
  readonly isInline = true
  readonly mergeSlots = 1

  constructor(private readonly environment: JobEnvironment) {}

  submit(request: JobRequest, done: (outcome: JobOutcome) => void): void {
    done(runJob(request, this.environment))
  }

  poll(): void {}

  wait(): void {}

  abort(): void {}

  close(): Promise<void> {
    return Promise.resolve()
  }
}
