import type { Clock } from '../../../base/clock.js'
import type { Prng } from '../../../base/prng.js'
import type { JobExecutor } from '../../../compaction/jobs/job-executor.js'
import type { JobOutcome, JobRequest } from '../../../compaction/jobs/job-request.js'
import type { JobWatch } from '../../../compaction/jobs/job-watch.js'
import { type JobEnvironment, runJob } from '../../../compaction/jobs/run-job.js'

const maxDelayMs = 8

interface WaitingJob {
  readonly request: JobRequest
  readonly done: (outcome: JobOutcome) => void
  readonly watch: JobWatch | undefined
}

/**
 * Imitates a background thread. A job runs a random time after its submission, while the client
 * continues. The delays depend only on the seed.
 *
 * Owned by: a simulated database.
 */
export class DeferredExecutor implements JobExecutor {
  readonly isInline = false
  readonly memoryBytes = 0
  private readonly waiting: WaitingJob[] = []
  private isAborted = false

  constructor(
    private readonly environment: JobEnvironment,
    private readonly clock: Clock,
    private readonly random: Prng,
    readonly mergeSlots: number,
  ) {}

  prepare(): void {}

  submit(request: JobRequest, done: (outcome: JobOutcome) => void, watch?: JobWatch): void {
    this.waiting.push({ request, done, watch })
    this.clock.awaited(this.random.below(maxDelayMs), () => this.runNext())
  }

  poll(): void {
    if (this.isAborted) while (this.waiting.length > 0) this.runNext()
    else if (this.random.chance(0.5)) this.runNext()
  }

  wait(timeoutMs: number): void {
    this.clock.sleepSync(Math.min(timeoutMs, this.random.below(maxDelayMs)))
    this.runNext()
  }

  abort(): void {
    this.isAborted = true
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  private runNext(): void {
    const job = this.waiting.shift()
    if (job === undefined) return
    const message = 'the job was aborted'
    const isGivenUp = this.isAborted || job.watch?.isAborted === true
    job.done(
      isGivenUp
        ? { ok: false, error: { code: 'ABORTED', message } }
        : runJob(job.request, this.environment),
    )
  }
}
