import { describeError } from '../jobs/job-error.js'
import type { JobOutcome } from '../jobs/job-request.js'
import { abortedError, ProgressMeter } from '../jobs/job-watch.js'
import { type JobEnvironment, jobSteps, type JobSteps } from '../jobs/run-job.js'
import type { RotatingJob } from './job-rotation.js'
import { RateLimiter } from './rate-limiter.js'
import type { JobMessage } from './worker-protocol.js'

/**
 * A job on a worker thread, which runs it step by step.
 *
 * Owned by: the worker. Lives: until `step` returns its outcome.
 */
export class WorkerJob implements RotatingJob {
  readonly id: number
  readonly databaseId: number
  readonly isFlush: boolean
  readonly isOfLevel0: boolean
  private readonly steps: JobSteps
  private readonly limiter: RateLimiter
  private readonly meter: ProgressMeter | undefined

  constructor(
    private readonly message: JobMessage,
    environment: JobEnvironment,
    onProgress: (readEntries: number) => void,
  ) {
    const { id, databaseId, request, bytesPerSecond, rateCells } = message
    const { clock } = environment
    this.id = id
    this.databaseId = databaseId
    this.isFlush = request.kind === 'flush'
    this.isOfLevel0 = request.kind === 'merge' && request.spec.inputs[0].level === 0
    this.steps = jobSteps(request, environment)
    this.limiter = new RateLimiter(clock, bytesPerSecond, rateCells)
    this.meter = message.reportsProgress ? new ProgressMeter(clock, onProgress) : undefined
  }

  get isAborted(): boolean {
    const { abortCell, closingCell } = this.message
    return Atomics.load(abortCell, 0) !== 0 || Atomics.load(closingCell, 0) !== 0
  }

  owedMs(): number {
    return this.limiter.owedMs(this.isFlush)
  }

  /** Runs one step. Returns undefined until the job has ended. Never throws. */
  step(): JobOutcome | undefined {
    try {
      const step = this.isAborted ? this.steps.throw(abortedError()) : this.steps.next()
      if (step.done === true) return step.value
      this.meter?.add(step.value.readEntries)
      this.limiter.charge(step.value.writtenBytes, this.isFlush)
      return undefined
    } catch (error) {
      // The job was aborted before its first step.
      return { ok: false, error: describeError(error) }
    }
  }
}
