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
  /** For jobs on the calling thread, where no worker can be had. */
  readonly environment: JobEnvironment
  /** Of the database; workers open its tables by themselves. */
  readonly directory: string
  /** How many jobs of the database may run at once. */
  readonly threads: number
  /** The same while writes wait for them. */
  readonly urgentThreads: number
  /** All jobs together; Infinity: no limit. */
  readonly bytesPerSecond: number
  /** By how much workers are nicer than the calling thread, unless writes wait for them. */
  readonly niceness: number
  readonly codecModules: readonly string[]
  readonly onWarning: (warning: VarveError) => void
}

/** The database as a member of a group of workers. */
interface ThreadShare {
  readonly group: WorkerGroup
  readonly member: GroupMember
}

/**
 * Runs the jobs of one database on the worker threads that all databases share.
 *
 * <<<<<<< HEAD When a worker is lost, the job that it was running fails. If no worker can be
 * started, jobs run on the calling thread. ======= Urgent jobs go to workers that are not nicer
 * than the calling thread: on a busy machine, writes would otherwise wait for threads that do not
 * get a processor. A thread cannot undo its niceness, so these are other threads.
 *
 * When a worker is lost, the job that it ran fails. Where none can be started, jobs run on the
 * calling thread.
 * >>>>>>> fdadda7 (wip)
 *
 * Owned by: the database.
 */
export class ThreadExecutor implements JobExecutor {
  readonly databaseId: number
  private readonly database: JobDatabase
  private readonly inline: InlineExecutor
  private readonly calm: ThreadShare
  private readonly urgent: ThreadShare
  private endedJobs = 0

  constructor(
    private readonly options: ThreadExecutorOptions,
    private readonly pool: WorkerPool = sharedWorkerPool,
  ) {
    const { environment, directory, bytesPerSecond, niceness, codecModules } = options
    const { threads, urgentThreads } = options
    this.databaseId = pool.newDatabaseId()
    this.database = {
      databaseId: this.databaseId,
      directory,
      bytesPerSecond,
      rateCells: newRateCells(),
      closingCell: new Int32Array(new SharedArrayBuffer(4)),
    }
    this.inline = new InlineExecutor(environment, bytesPerSecond)
    this.calm = this.join(pool.group({ niceness, codecModules }), threads)
    this.urgent =
      niceness === 0 && threads === urgentThreads
        ? this.calm
        : this.join(pool.group({ niceness: 0, codecModules }), urgentThreads)
  }

  get isInline(): boolean {
    return this.calm.group.limit === 0
  }

  get mergeSlots(): number {
    return slotsOf(this.calm)
  }

  get urgentMergeSlots(): number {
    return slotsOf(this.urgent)
  }

  prepare(): void {
    this.calm.group.prepare()
  }

  submit(
    request: JobRequest,
    done: (outcome: JobOutcome) => void,
    watch: JobWatch = new JobWatch(),
    isUrgent = false,
  ): void {
    const ended = (outcome: JobOutcome): void => {
      this.endedJobs++
      done(outcome)
    }
    const job = { database: this.database, request, done: ended, watch }
    this.send(job, isUrgent && this.urgent.group.limit > 0 ? this.urgent : this.calm)
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
    for (const { group } of this.shares()) {
      for (const worker of group.workers) {
        worker.withdraw(this.databaseId, outcome)
        if (worker.hasJobOf(this.databaseId)) worker.wake()
      }
    }
  }

  /** The workers stay for other databases, and for the next open. */
  close(): Promise<void> {
    for (const { group, member } of this.shares()) group.leave(member)
    return Promise.resolve()
  }

  private shares(): Set<ThreadShare> {
    return new Set([this.calm, this.urgent])
  }

  private join(group: WorkerGroup, threads: number): ThreadShare {
    const share: ThreadShare = {
      group,
      member: {
        databaseId: this.databaseId,
        threads,
        resubmit: (job) => this.send(job, share),
        removeLeftovers: ({ request }) => removeLeftovers(this.options.environment.store, request),
        onShortage: (cause, count) => this.warn(cause, count),
      },
    }
    group.join(share.member)
    return share
  }

  private send(job: GivenJob, { group, member }: ThreadShare): void {
    const worker = group.workerFor(member)
    if (worker === undefined) {
      this.inline.submit(job.request, job.done, job.watch)
      return
    }
    worker.send(job)
    this.pool.lookLater()
  }

  private warn(cause: unknown, count: number): void {
    const instead =
      count === 0
        ? 'flushes and compactions run on the calling thread, and writes wait for them'
        : `the ${count} running ones take all jobs`
    const reason = cause instanceof Error ? cause.message : String(cause)
    const message = `a background thread could not be started, ${instead}: ${reason}`
    this.options.onWarning(new VarveError('IO', message, { cause }))
  }
}

function slotsOf({ group, member }: ThreadShare): number {
  return Math.max(1, Math.min(member.threads, group.limit))
}
