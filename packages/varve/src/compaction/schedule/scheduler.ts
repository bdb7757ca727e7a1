import type { Clock } from '../../base/clock.js'
import { VarveError } from '../../base/errors.js'
import type { VersionEdit } from '../../version/version-edit.js'
import type { DiskSpace, SpaceNeed } from './disk-space.js'
import type { JobExecutor } from '../jobs/job-executor.js'
import { reviveError } from '../jobs/job-error.js'
import {
  type Admission,
  admitAll,
  admitNone,
  isHeldByUser,
  pausesIn,
  withHold,
  withPauses,
} from './admission.js'
import { JobLane } from './job-lane.js'
import { joinResults, submitParts } from '../jobs/job-parts.js'
import { JobWatch } from '../jobs/job-watch.js'
import type { JobRequest, JobResult } from '../jobs/job-request.js'
import type { CompactionKind } from '../pickers/compaction-spec.js'

/** Background work of a tree. Exactly one of `installed` and `failed` is called. */
export interface BackgroundJob extends SpaceNeed {
  readonly kind: 'flush' | CompactionKind
  /** The parts to run in parallel. Empty except for a flush or merge. */
  readonly requests: readonly JobRequest[]
  /** Receives from time to time the number of entries that the job has read so far. */
  progressed?(readEntries: number): void
  /** The change that the result makes to the tree. */
  editFor(result: JobResult): VersionEdit
  /** Called when the edit is durable and current. */
  installed(result: JobResult): void
  /**
   * Called if nothing has changed; the same work may be offered again. `unused` holds the tables
   * that finished parts wrote before another part, or the edit, failed.
   */
  failed(error: VarveError, unused?: JobResult): void
}

/** Finds the work that is due. */
export interface JobSource {
  /** The flush of a tree's oldest sealed memtable that is not being flushed yet. */
  nextFlush(): BackgroundJob | undefined
  /**
   * The most urgent compaction that shares no table with a running one, in at most `maxParts`
   * parallel parts.
   */
  nextMerge(maxParts: number): BackgroundJob | undefined
  /** The compaction of level 0 of a tree that slows writes down, if it is the most urgent one. */
  nextLevel0Merge(): BackgroundJob | undefined
}

interface SchedulerParts {
  readonly executor: JobExecutor
  readonly source: JobSource
  readonly edits: EditLog
  readonly space: DiskSpace
  readonly clock: Clock
  /** Called before each job. Throws once the directory belongs to another owner. */
  readonly requireOwner?: () => void
  readonly onChange: () => void
  readonly onError: (error: VarveError) => void
}

/** Makes edits durable. Implemented by the VersionSet. */
export interface EditLog {
  applyEdit(edit: VersionEdit): void
  applyEditAsync(edit: VersionEdit): Promise<void>
  /** Completes the pending edits. */
  finishEdits(): void
}

/** A started job. */
interface StartedJob {
  readonly job: BackgroundJob
  /** Set when a caller waits for the job. */
  readonly watch?: JobWatch | undefined
  /** Settles that caller's promise. */
  readonly settle?: ((failure: VarveError | undefined) => void) | undefined
  /** Runs the job instead of the scheduler's own executor. */
  readonly executor?: JobExecutor
}

/** A started job whose edit is being synced in the background. */
interface InstallingJob {
  readonly started: StartedJob
  readonly result: JobResult
  isSettled: boolean
}

/** `runAgain`: `pump` was called while it was running, and must run once more. */
type PumpState = 'idle' | 'running' | 'runAgain'

/**
 * Keeps the background thread busy and installs the results of jobs. Flushes take precedence over
 * compactions.
 *
 * Owned by: the database. A failed job is retried with growing delays. After too many failures in a
 * row its lane stops, and writers that wait for it fail with the cause. A job without disk space is
 * not started until enough is free.
 */
export class Scheduler {
  failures = 0
  private readonly flushes: JobLane
  private readonly merges: JobLane
  private mergeSlotsTaken = 0
  private admission: Admission = admitAll
  private pumpState: PumpState = 'idle'
  /**
   * Whether a caller blocks the thread: results are then installed without a turn of the event
   * loop.
   */
  private isBlocking = false
  /** Oldest first, so that a waiting thread can finish them. */
  private readonly installing: InstallingJob[] = []
  /** Called whenever a job ends. */
  private endWaiters: (() => void)[] = []

  constructor(private readonly parts: SchedulerParts) {
    this.flushes = new JobLane('flushes', parts.clock, () => this.pump())
    this.merges = new JobLane('compactions', parts.clock, () => this.pump())
  }

  get isIdle(): boolean {
    return this.flushes.running + this.merges.running === 0
  }

  /** Whether the user has paused compactions. */
  get mergesHeld(): boolean {
    return isHeldByUser(this.admission)
  }

  get runningMerges(): number {
    return this.merges.running
  }

  get executorBytes(): number {
    return this.parts.executor.memoryBytes
  }

  /** The number of merges, or parts of one, that may start. */
  get freeMergeSlots(): number {
    return this.parts.executor.mergeSlots - this.mergeSlotsTaken
  }

  /** Why flushes have stopped, for writers that wait for one; undefined if they have not. */
  get flushFailure(): VarveError | undefined {
    return this.flushes.failure
  }

  /** Why compactions have stopped, for writers that wait for one; undefined if they have not. */
  get mergeFailure(): VarveError | undefined {
    return this.merges.failure
  }

  /** Prepares for a job that will be due soon. */
  prepare(): void {
    this.parts.executor.prepare()
  }

  /** Starts all due jobs. Cheap if none is due. */
  pump(): void {
    if (this.pumpState !== 'idle') {
      this.pumpState = 'runAgain'
      return
    }
    try {
      do {
        this.pumpState = 'running'
        this.startJobs()
      } while (this.isPumpDue())
    } finally {
      this.pumpState = 'idle'
    }
  }

  /**
   * Runs the flushes that `seal` makes due on this thread. Requires: `executor` is inline, and no
   * job is running.
   */
  flushHere(seal: () => void, executor: JobExecutor): void {
    this.isBlocking = true
    // Prevents `pump` calls in `seal` from starting jobs on the scheduler's own executor.
    this.pumpState = 'running'
    try {
      seal()
      while (this.flushes.mayStart) {
        const job = this.parts.source.nextFlush()
        if (job === undefined) break
        this.start({ job, executor })
      }
    } finally {
      this.pumpState = 'idle'
      this.isBlocking = false
    }
  }

  /** Blocks this thread until a job ends or `timeoutMs` has passed, and installs the result. */
  waitBlocking(timeoutMs: number): void {
    this.isBlocking = true
    try {
      if (pausesIn(this.admission) > 0 && this.merges.running === 0) this.pumpDespitePause()
      // Right after open, compactions wait for a turn of the event loop, which cannot come while
      // this thread is blocked.
      else if (this.isIdle) this.pump()
      const pausing = [this.flushes, this.merges].find((lane) => lane.isPausing)
      if (pausing !== undefined && this.isIdle) pausing.retryBlocking(timeoutMs)
      else if (this.installing.length > 0) this.finishInstalling()
      else this.parts.executor.wait(timeoutMs)
    } finally {
      this.isBlocking = false
    }
  }

  /** Installs finished jobs, for a caller that never yields to the event loop. */
  poll(): void {
    if (this.isIdle) return
    this.isBlocking = true
    try {
      this.parts.executor.poll()
    } finally {
      this.isBlocking = false
    }
  }

  /** Resolves when no compaction is running. */
  async mergesIdle(): Promise<void> {
    while (this.merges.running > 0) await this.jobEnded()
  }

  /** Runs a job for a caller. Settles when the job is installed or has failed. */
  runNow(job: BackgroundJob, watch?: JobWatch): Promise<void> {
    if (this.admission.kind === 'none') {
      const error = new VarveError('ABORTED', 'the job was not started because the database closes')
      job.failed(error)
      return Promise.reject(error)
    }
    return new Promise((resolve, reject) => {
      const settle = (failure: VarveError | undefined): void =>
        failure === undefined ? resolve() : reject(failure)
      this.start({ job, watch, settle })
    })
  }

  /** Starts no compactions automatically until `releaseMerges`; flushes continue. */
  holdMerges(): void {
    this.admission = withHold(this.admission, true)
  }

  releaseMerges(): void {
    this.admission = withHold(this.admission, false)
    this.pump()
  }

  /**
   * Starts no compactions until `resumeMerges`, or until a blocked thread needs one. Calls nest.
   */
  pauseMerges(): void {
    this.admission = withPauses(this.admission, 1)
  }

  resumeMerges(): void {
    this.admission = withPauses(this.admission, -1)
    this.pump()
  }

  /**
   * Runs `act`, during which flushes may start, but no compactions. The caller calls `pump` later.
   */
  withoutMerges(act: () => void): void {
    this.pauseMerges()
    try {
      act()
    } finally {
      this.admission = withPauses(this.admission, -1)
    }
  }

  /** Aborts running jobs and starts no more. Resolves when all have ended. */
  async close(): Promise<void> {
    this.admission = admitNone
    this.flushes.cancelPause()
    this.merges.cancelPause()
    this.parts.executor.abort()
    this.parts.executor.poll()
    while (!this.isIdle) await this.jobEnded()
    await this.parts.executor.close()
  }

  private jobEnded(): Promise<void> {
    return new Promise((resolve) => {
      this.endWaiters.push(resolve)
    })
  }

  /** A method, because the compiler would assume that the field cannot have changed. */
  private isPumpDue(): boolean {
    return this.pumpState === 'runAgain'
  }

  /**
   * The caller that paused merges may be waiting for this thread, which needs a merge to continue.
   */
  private pumpDespitePause(): void {
    const paused = this.admission
    const pumping = withHold(admitAll, isHeldByUser(paused))
    this.admission = pumping
    this.pump()
    if (this.admission === pumping) this.admission = paused
  }

  private startJobs(): void {
    const { source } = this.parts
    if (this.admission.kind === 'none') return
    while (this.flushes.mayStart) {
      const job = source.nextFlush()
      if (job === undefined) break
      this.start({ job })
    }
    if (this.admission.kind !== 'all') return
    while (this.merges.mayStart && this.freeMergeSlots > 0) {
      const job = source.nextMerge(this.freeMergeSlots)
      if (job === undefined) break
      this.start({ job })
    }
    this.startLevel0Merge()
  }

  /**
   * Starts a merge of level 0 beside merges that take all slots. Writes wait for level 0 first, and
   * the other merges may take minutes. Jobs take turns on the threads that there are.
   */
  private startLevel0Merge(): void {
    const { executor, source } = this.parts
    if (executor.isInline || !this.merges.mayStart || this.freeMergeSlots !== 0) return
    const job = source.nextLevel0Merge()
    if (job !== undefined) this.start({ job })
  }

  private start(started: StartedJob): void {
    const { job, watch, executor = this.parts.executor } = started
    const lane = this.laneOf(job)
    const shortage = this.parts.space.claim(job)
    if (shortage !== undefined) {
      notifyFailed(started, shortage)
      if (lane.refused(shortage)) this.report(shortage)
      this.parts.onChange()
      return
    }
    lane.begun()
    lane.running++
    this.mergeSlotsTaken += slotsOf(job)
    if (job.requests.length === 0) {
      this.install(started, joinResults([]))
      return
    }
    try {
      this.parts.requireOwner?.()
    } catch (error) {
      this.fail(started, error as VarveError)
      return
    }
    submitParts(executor, job.requests, watch ?? watchOf(job), (outcome, unused) => {
      if (outcome.ok) this.install(started, outcome.result)
      else this.fail(started, reviveError(outcome.error), unused)
    })
  }

  private install(started: StartedJob, result: JobResult): void {
    const edit = started.job.editFor(result)
    if (this.isBlocking || this.parts.executor.isInline) {
      this.finishInstalling()
      try {
        this.parts.edits.applyEdit(edit)
      } catch (error) {
        this.fail(started, error as VarveError, result)
        return
      }
      this.succeed(started, result)
      return
    }
    const installing: InstallingJob = { started, result, isSettled: false }
    this.installing.push(installing)
    this.parts.edits.applyEditAsync(edit).then(
      () => this.endInstalling(installing, undefined),
      (error: unknown) => this.endInstalling(installing, error as VarveError),
    )
  }

  /** Completes edits that are being synced in the background with a sync on this thread. */
  private finishInstalling(): void {
    if (this.installing.length === 0) return
    let failure: VarveError | undefined
    try {
      this.parts.edits.finishEdits()
    } catch (error) {
      failure = error as VarveError
    }
    for (const installing of [...this.installing]) this.endInstalling(installing, failure)
  }

  private endInstalling(installing: InstallingJob, failure: VarveError | undefined): void {
    if (installing.isSettled) return
    installing.isSettled = true
    this.installing.splice(this.installing.indexOf(installing), 1)
    const { started, result } = installing
    if (failure === undefined) this.succeed(started, result)
    else this.fail(started, failure, result)
  }

  private succeed({ job, settle }: StartedJob, result: JobResult): void {
    this.laneOf(job).succeeded()
    this.release(job)
    job.installed(result)
    settle?.(undefined)
    this.parts.onChange()
    this.pump()
  }

  private fail(started: StartedJob, error: VarveError, unused?: JobResult): void {
    const { job } = started
    this.release(job)
    notifyFailed(started, error, unused)
    if (error.code !== 'ABORTED') this.report(this.laneOf(job).failed(error))
    this.parts.onChange()
    this.pump()
  }

  private report(error: VarveError): void {
    this.failures++
    this.parts.onError(error)
  }

  private release(job: BackgroundJob): void {
    this.laneOf(job).running--
    this.mergeSlotsTaken -= slotsOf(job)
    this.parts.space.release(job)
    for (const lane of [this.flushes, this.merges]) lane.spaceMayBeFree()
    for (const wake of this.endWaiters.splice(0)) wake()
  }

  private laneOf(job: BackgroundJob): JobLane {
    return job.kind === 'flush' ? this.flushes : this.merges
  }
}

function notifyFailed({ job, settle }: StartedJob, error: VarveError, unused?: JobResult): void {
  job.failed(error, unused)
  settle?.(error)
}

function watchOf(job: BackgroundJob): JobWatch | undefined {
  return job.progressed && new JobWatch((readEntries) => job.progressed?.(readEntries))
}

/** A move or drop also takes one slot until it is recorded. */
function slotsOf({ kind, requests }: BackgroundJob): number {
  return kind === 'flush' ? 0 : Math.max(1, requests.length)
}
