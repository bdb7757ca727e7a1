import { VarveError } from '../../base/errors.js'
import { describeError } from '../jobs/job-error.js'
import type { JobExecutor } from '../jobs/job-executor.js'
import { removeLeftovers } from '../jobs/job-leftovers.js'
import type { JobOutcome, JobRequest } from '../jobs/job-request.js'
import { abortedError, JobWatch } from '../jobs/job-watch.js'
import type { JobEnvironment } from '../jobs/run-job.js'
import { InlineExecutor } from './inline-executor.js'
import { newRateCells } from './rate-limiter.js'
import type { GroupMember, WorkerGroup } from './worker-group.js'
import { sharedWorkerPool, type WorkerPool } from './worker-pool.js'
import type { JobDatabase } from './worker-protocol.js'
import type { GivenJob } from './worker-thread.js'

export interface ThreadExecutorOptions {
  /** For jobs that run on the calling thread because no worker can be started. */
  readonly environment: JobEnvironment
  /** The directory of the database. Workers open the tables themselves. */
  readonly directory: string
  /** How many jobs of the database may run at the same time. */
  readonly threads: number
  /** The limit for all jobs together; Infinity means no limit. */
  readonly bytesPerSecond: number
  /** How much nicer workers are than the calling thread. */
  readonly niceness: number
  readonly codecModules: readonly string[]
  readonly onWarning: (warning: VarveError) => void
}

/**
 * Runs the jobs of one database on the worker threads that all databases share.
 *
 * When a worker is lost, the job that it was running fails. If no worker can be started, jobs run
 * on the calling thread.
 *
 * Owned by: the database.
 */
export class ThreadExecutor implements JobExecutor, GroupMember {
  readonly databaseId: number
  readonly threads: number
  private readonly database: JobDatabase
  private readonly inline: InlineExecutor
  private readonly group: WorkerGroup
  private endedJobs = 0

  constructor(
    private readonly options: ThreadExecutorOptions,
    private readonly pool: WorkerPool = sharedWorkerPool,
  ) {
    const { environment, directory, threads, bytesPerSecond, niceness, codecModules } = options
    this.databaseId = pool.newDatabaseId()
    this.threads = threads
    this.database = {
      databaseId: this.databaseId,
      directory,
      bytesPerSecond,
      rateCells: newRateCells(),
      closingCell: new Int32Array(new SharedArrayBuffer(4)),
    }
    this.inline = new InlineExecutor(environment, bytesPerSecond)
    this.group = pool.group({ niceness, codecModules })
    this.group.join(this)
  }

  get isInline(): boolean {
    return this.group.limit === 0
  }

  get mergeSlots(): number {
    return Math.max(1, Math.min(this.threads, this.group.limit))
  }

  get memoryBytes(): number {
    return this.group.memoryBytes
  }

  prepare(): void {
    this.group.prepare()
  }

  submit(
    request: JobRequest,
    done: (outcome: JobOutcome) => void,
    watch: JobWatch = new JobWatch(),
  ): void {
    const ended = (outcome: JobOutcome): void => {
      this.endedJobs++
      done(outcome)
    }
    this.resubmit({ database: this.database, request, done: ended, watch })
  }

  resubmit(job: GivenJob): void {
    const worker = this.group.workerFor(this)
    if (worker === undefined) {
      this.inline.submit(job.request, job.done, job.watch)
      return
    }
    worker.send(job)
    this.pool.lookLater()
  }

  poll(): void {
    this.pool.poll(this.databaseId)
  }

  wait(timeoutMs: number): void {
    if (this.isInline) {
      this.inline.wait(timeoutMs)
      return
    }
    const before = this.endedJobs
    this.pool.wait(this.databaseId, timeoutMs, () => this.endedJobs !== before)
  }

  abort(): void {
    const outcome = { ok: false, error: describeError(abortedError()) } as const
    Atomics.store(this.database.closingCell, 0, 1)
    for (const worker of this.group.workers) {
      worker.withdraw(this.databaseId, outcome)
      if (worker.hasJobOf(this.databaseId)) worker.wake()
    }
  }

  /** Leaves the workers to other databases and to the next open. */
  close(): Promise<void> {
    this.group.leave(this)
    return Promise.resolve()
  }

  removeLeftovers({ request }: GivenJob): void {
    removeLeftovers(this.options.environment.store, request)
  }

  onShortage(cause: unknown, count: number): void {
    const instead =
      count === 0
        ? 'flushes and compactions run on the calling thread, and writes wait for them'
        : `the ${count} running ones do all jobs`
    const reason = cause instanceof Error ? cause.message : String(cause)
    const message = `a background thread could not be started, ${instead}: ${reason}`
    this.options.onWarning(new VarveError('IO', message, { cause }))
  }
}
