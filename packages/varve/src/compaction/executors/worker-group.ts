import type { Clock } from '../../base/clock.js'
import { describeError } from '../jobs/job-error.js'
import type { WorkerKind, WorkerMessage } from './worker-protocol.js'
import { type GivenJob, type Loss, type StartWorker, WorkerThread } from './worker-thread.js'

/** A database that shares the workers of a group. */
export interface GroupMember {
  readonly databaseId: number
  /** How many workers may run its jobs at the same time. */
  readonly threads: number
  /** Restarts a job whose worker was lost. */
  resubmit(job: GivenJob): void
  /** Removes what the job may have written. Never throws. */
  removeLeftovers(job: GivenJob): void
  /** Called once if a worker could not be started; `count` workers are running. */
  onShortage(cause: unknown, count: number): void
}

interface GroupParts {
  readonly kind: WorkerKind
  readonly poolCells: Int32Array
  readonly startWorker: StartWorker
  readonly clock: Clock
  readonly maxWorkers: number
  /** Calls `act` for a database: now, or when the thread is no longer blocked for another one. */
  readonly deliver: (databaseId: number, act: () => void) => void
  /** Called when the group has no members and no workers. */
  readonly onEmpty: () => void
}

/** Why the group has fewer workers than allowed. */
interface Shortage {
  readonly cause: unknown
  readonly count: number
}

/**
 * The workers of one kind, and the databases that share them. Their number is the largest
 * that any of the databases sets. They start when they are first needed, and end after a time
 * without jobs.
 *
 * Owned by: a WorkerPool. Lives: until it has neither members nor workers.
 *
 * Invariant 1: a job goes to an idle worker if there is one or if one may be started, and otherwise
 * to the least busy.
 * Invariant 2: at most `threads` workers have jobs of one database.
 * Invariant 3: after a worker could not be started, none is started until all members have left.
 */
export class WorkerGroup {
  readonly workers: WorkerThread[] = []
  private readonly members = new Map<number, GroupMember>()
  private shortage: Shortage | undefined
  /** Members that were notified of the shortage. */
  private readonly warned = new Set<number>()

  constructor(private readonly parts: GroupParts) {}

  /** How many workers there may be. */
  get limit(): number {
    if (this.shortage !== undefined) return this.shortage.count
    const asked = Math.max(0, ...[...this.members.values()].map(({ threads }) => threads))
    return Math.min(this.parts.maxWorkers, asked)
  }

  get memoryBytes(): number {
    return this.workers.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0)
  }

  join(member: GroupMember): void {
    this.members.set(member.databaseId, member)
  }

  leave({ databaseId }: GroupMember): void {
    this.members.delete(databaseId)
    this.warned.delete(databaseId)
    if (this.members.size === 0) this.shortage = undefined
    this.endIfEmpty()
  }

  /** Starts the first worker, so that it is ready when the first job arrives. */
  prepare(): void {
    if (this.workers.length < Math.min(1, this.limit)) this.addWorker()
  }

  /** A worker for a job of this member; undefined if none exists and none can be started. */
  workerFor(member: GroupMember): WorkerThread | undefined {
    const { databaseId, threads } = member
    const own = this.workers.filter((worker) => worker.hasJobOf(databaseId))
    if (own.length >= threads) return leastBusy(own)
    const idle = this.workers.find((worker) => worker.jobCount === 0)
    if (idle !== undefined) return idle
    if (this.workers.length < this.limit) this.addWorker()
    this.warn(member)
    return leastBusy(this.workers)
  }

  private addWorker(): void {
    const { kind, poolCells, startWorker, clock } = this.parts
    try {
      const worker: WorkerThread = new WorkerThread({ ...kind, poolCells }, startWorker, clock, {
        onMessage: (job, message) => this.deliver(job, message),
        onLoss: (loss) => this.lost(worker, loss),
        onLossExit: (loss) => this.removeLeftovers(loss),
        onIdle: () => this.end(worker),
      })
      this.workers.push(worker)
    } catch (error) {
      this.doWithout(error)
    }
  }

  private lost(worker: WorkerThread, { error, begun, innocent, wasReady }: Loss): void {
    this.forget(worker)
    if (!wasReady) this.doWithout(error)
    const outcome = {
      ok: false,
      error: describeError(error, 'the background thread failed'),
    } as const
    for (const job of begun) this.deliver(job, { id: 0, outcome })
    for (const job of innocent) {
      const { databaseId } = job.database
      const member = this.members.get(databaseId)
      member?.removeLeftovers(job)
      this.parts.deliver(databaseId, () => member?.resubmit(job))
    }
    this.endIfEmpty()
  }

  /**
   * Removes the incomplete files of a lost worker. Its jobs are repeated with other file numbers.
   */
  private removeLeftovers({ begun, wasReady }: Loss): void {
    if (!wasReady) return
    for (const job of begun) this.members.get(job.database.databaseId)?.removeLeftovers(job)
  }

  /** Starts no more workers. */
  private doWithout(cause: unknown): void {
    this.shortage = { cause, count: this.workers.length }
    this.warned.clear()
    for (const member of this.members.values()) {
      this.parts.deliver(member.databaseId, () => this.warn(member))
    }
  }

  private warn(member: GroupMember): void {
    const { shortage, warned } = this
    if (shortage === undefined || warned.has(member.databaseId)) return
    warned.add(member.databaseId)
    member.onShortage(shortage.cause, shortage.count)
  }

  private deliver(job: GivenJob, message: WorkerMessage): void {
    this.parts.deliver(job.database.databaseId, () => {
      if ('outcome' in message) job.done(message.outcome)
      else job.watch.onProgress?.(message.readEntries)
    })
  }

  private end(worker: WorkerThread): void {
    if (worker.jobCount > 0) return
    this.forget(worker)
    void worker.close()
    this.endIfEmpty()
  }

  private forget(worker: WorkerThread): void {
    this.workers.splice(this.workers.indexOf(worker), 1)
  }

  private endIfEmpty(): void {
    if (this.members.size + this.workers.length === 0) this.parts.onEmpty()
  }
}

function leastBusy(workers: readonly WorkerThread[]): WorkerThread | undefined {
  if (workers.length === 0) return undefined
  return workers.reduce((a, b) => (b.jobCount < a.jobCount ? b : a))
}
