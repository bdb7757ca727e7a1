import type { Clock } from '../../base/clock.js'
import { VarveError } from '../../base/errors.js'
import type { VersionEdit } from '../../version/version-edit.js'
import type { DiskSpace, SpaceNeed } from './disk-space.js'
import type { JobExecutor } from '../jobs/job-executor.js'
import { reviveError } from '../jobs/job-error.js'
import { JobLane } from './job-lane.js'
import { joinResults, submitParts } from '../jobs/job-parts.js'
import type { JobWatch } from '../jobs/job-watch.js'
import type { JobRequest, JobResult } from '../jobs/job-request.js'
import type { CompactionKind } from '../pickers/compaction-spec.js'

/** Work that a tree wants done. Exactly one of `installed` and `failed` is called. */
export interface BackgroundJob extends SpaceNeed {
  readonly kind: 'flush' | CompactionKind
  /** What an executor runs, all at once; only a flush or merge has something to run. */
  readonly requests: readonly JobRequest[]
  readonly watch?: JobWatch
  /** The change of the tree that the result means. */
  editFor(result: JobResult): VersionEdit
  /** The edit is durable and in force. */
  installed(result: JobResult): void
  /**
   * Nothing has changed; the same work may be asked for again. `unused`: what the job, or a part of it,
   * had written to its end before another part or the edit failed.
   */
  failed(error: VarveError, unused?: JobResult): void
}

/** Finds the work that is due. */
export interface JobSource {
  /** The flush of a sealed memtable, the oldest of its tree, unless it runs already. */
  nextFlush(): BackgroundJob | undefined
  /**
   * The most urgent compaction that touches no table of a running one, in at most so many parts that may
   * run at once.
   */
  nextMerge(maxParts: number): BackgroundJob | undefined
}

export interface SchedulerParts {
  readonly executor: JobExecutor
  readonly source: JobSource
  readonly edits: EditLog
  readonly space: DiskSpace
  readonly clock: Clock
  /** Throws once the directory belongs to somebody else; asked before each job. */
  readonly requireOwner?: () => void
  readonly onChange: () => void
  readonly onError: (error: VarveError) => void
}

/** Makes edits durable; the VersionSet. */
export interface EditLog {
  applyEdit(edit: VersionEdit): void
  applyEditAsync(edit: VersionEdit): Promise<void>
  /** Completes those in flight. */
  finishEdits(): void
}

/**
 * Keeps the background thread busy: flushes first, then compactions, as the sources ask for them, and
 * records what they did.
 *
 * Owned by: the database. A job that fails is retried with growing pauses; after too many failures in a
 * row its kind is given up, and writers who wait for it learn why they would wait in vain. So they do
 * when the device has no room for a job, which is then not begun until there is.
 */
export class Scheduler {
  failures = 0
  private readonly flushes: JobLane
  private readonly merges: JobLane
  private mergeSlotsTaken = 0
  private isPumping = false
  private pumpAgain = false
  private isBlocking = false
  private isClosed = false
  private paused = 0
  private isHeld = false
  /** Edits being synced in the background, oldest first, so that a thread that waits can finish them. */
  private readonly installing: InstallingJob[] = []
  /** Woken whenever a job ends. */
  private endWaiters: (() => void)[] = []

  constructor(private readonly parts: SchedulerParts) {
    this.flushes = new JobLane('flushes', parts.clock, () => this.pump())
    this.merges = new JobLane('compactions', parts.clock, () => this.pump())
  }

  get isIdle(): boolean {
    return this.flushes.running + this.merges.running === 0
  }

  /** Whether the user holds compactions back. */
  get mergesHeld(): boolean {
    return this.isHeld
  }

  get runningMerges(): number {
    return this.merges.running
  }

  /** How many merges, or parts of one, may begin. */
  get freeMergeSlots(): number {
    return this.parts.executor.mergeSlots - this.mergeSlotsTaken
  }

  /** Why it would be in vain to wait for a flush, if it would. */
  get flushFailure(): VarveError | undefined {
    return this.flushes.failure
  }

  /** Why it would be in vain to wait for a compaction, if it would. */
  get mergeFailure(): VarveError | undefined {
    return this.merges.failure
  }

  /** A first job will be due before long. */
  prepare(): void {
    this.parts.executor.prepare()
  }

  /** Starts whatever is due. Cheap when nothing is. */
  pump(): void {
    if (this.isPumping) {
      this.pumpAgain = true
      return
    }
    this.isPumping = true
    try {
      do {
        this.pumpAgain = false
        this.startJobs()
      } while (this.pumpAgain)
    } finally {
      this.isPumping = false
    }
  }

  /** Waits on this thread until a job ends, at most `timeoutMs`, and records what ended. */
  waitBlocking(timeoutMs: number): void {
    this.isBlocking = true
    try {
      if (this.paused > 0 && this.merges.running === 0) this.pumpDespitePause()
      const pausing = [this.flushes, this.merges].find((lane) => lane.isPausing)
      if (pausing !== undefined && this.isIdle) pausing.retryBlocking(timeoutMs)
      else if (this.installing.length > 0) this.finishInstalling()
      else this.parts.executor.wait(timeoutMs)
    } finally {
      this.isBlocking = false
    }
  }

  /** Takes in what has ended, for a caller that never yields to the event loop. */
  poll(): void {
    if (this.isIdle) return
    this.isBlocking = true
    try {
      this.parts.executor.poll()
    } finally {
      this.isBlocking = false
    }
  }

  /** Resolves when no compaction runs. */
  async mergesIdle(): Promise<void> {
    while (this.merges.running > 0) await this.jobEnded()
  }

  /** Runs a job that nobody's thresholds asked for. Settles when it is installed or failed. */
  runNow(job: BackgroundJob, watch?: JobWatch): Promise<void> {
    if (this.isClosed) {
      const error = new VarveError('ABORTED', 'the job is not begun since the database closes')
      job.failed(error)
      return Promise.reject(error)
    }
    return new Promise((resolve, reject) => {
      this.start({
        kind: job.kind,
        requests: job.requests,
        neededBytes: job.neededBytes,
        sparedBytes: job.sparedBytes,
        ...(watch === undefined ? {} : { watch }),
        editFor: (result) => job.editFor(result),
        installed: (result) => {
          job.installed(result)
          resolve()
        },
        failed: (error, unused) => {
          job.failed(error, unused)
          reject(error)
        },
      })
    })
  }

  /** Starts no compactions of its own (flushes go on) until `releaseMerges`. */
  holdMerges(): void {
    this.isHeld = true
  }

  releaseMerges(): void {
    this.isHeld = false
    this.pump()
  }

  /** The same for a moment, until `resumeMerges`, or until a blocked thread needs one. Calls nest. */
  pauseMerges(): void {
    this.paused++
  }

  resumeMerges(): void {
    this.paused--
    this.pump()
  }

  /** Gives up running jobs and starts no more. Resolves when none is left. */
  async close(): Promise<void> {
    this.isClosed = true
    this.flushes.stop()
    this.merges.stop()
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

  /** Whoever paused the merges may be waiting for the very thread that now waits for a merge. */
  private pumpDespitePause(): void {
    const { paused } = this
    this.paused = 0
    this.pump()
    this.paused = paused
  }

  private startJobs(): void {
    if (this.isClosed) return
    const { source } = this.parts
    while (this.flushes.mayStart) {
      const job = source.nextFlush()
      if (job === undefined) break
      this.start(job)
    }
    if (this.paused > 0 || this.isHeld) return
    while (this.merges.mayStart && this.freeMergeSlots > 0) {
      const job = source.nextMerge(this.freeMergeSlots)
      if (job === undefined) break
      this.start(job)
    }
  }

  private start(job: BackgroundJob): void {
    const lane = this.laneOf(job)
    const shortage = this.parts.space.claim(job)
    if (shortage !== undefined) {
      job.failed(shortage)
      if (lane.refused(shortage)) this.tell(shortage)
      this.parts.onChange()
      return
    }
    lane.begun()
    lane.running++
    this.mergeSlotsTaken += slotsOf(job)
    if (job.requests.length === 0) {
      this.install(job, joinResults([]))
      return
    }
    try {
      this.parts.requireOwner?.()
    } catch (error) {
      this.fail(job, error as VarveError)
      return
    }
    submitParts(this.parts.executor, job.requests, job.watch, (outcome, unused) => {
      if (outcome.ok) this.install(job, outcome.result)
      else this.fail(job, reviveError(outcome.error), unused)
    })
  }

  private install(job: BackgroundJob, result: JobResult): void {
    const edit = job.editFor(result)
    if (this.isBlocking || this.parts.executor.isInline) {
      this.finishInstalling()
      try {
        this.parts.edits.applyEdit(edit)
      } catch (error) {
        this.fail(job, error as VarveError, result)
        return
      }
      this.succeed(job, result)
      return
    }
    const entry: InstallingJob = { job, result, settled: false }
    this.installing.push(entry)
    this.parts.edits.applyEditAsync(edit).then(
      () => this.settle(entry, undefined),
      (error: unknown) => this.settle(entry, error as VarveError),
    )
  }

  /** Completes edits whose sync is under way, with a sync of this thread's own. */
  private finishInstalling(): void {
    if (this.installing.length === 0) return
    let failure: VarveError | undefined
    try {
      this.parts.edits.finishEdits()
    } catch (error) {
      failure = error as VarveError
    }
    for (const entry of [...this.installing]) this.settle(entry, failure)
  }

  private settle(entry: InstallingJob, failure: VarveError | undefined): void {
    if (entry.settled) return
    entry.settled = true
    this.installing.splice(this.installing.indexOf(entry), 1)
    if (failure === undefined) this.succeed(entry.job, entry.result)
    else this.fail(entry.job, failure, entry.result)
  }

  private succeed(job: BackgroundJob, result: JobResult): void {
    this.laneOf(job).succeeded()
    this.release(job)
    job.installed(result)
    this.parts.onChange()
    this.pump()
  }

  private fail(job: BackgroundJob, error: VarveError, unused?: JobResult): void {
    this.release(job)
    job.failed(error, unused)
    if (error.code !== 'ABORTED') this.tell(this.laneOf(job).failed(error))
    this.parts.onChange()
    this.pump()
  }

  private tell(error: VarveError): void {
    this.failures++
    this.parts.onError(error)
  }

  private release(job: BackgroundJob): void {
    this.laneOf(job).running--
    this.mergeSlotsTaken -= slotsOf(job)
    this.parts.space.release(job)
    for (const lane of [this.flushes, this.merges]) lane.roomMayHaveCome()
    for (const wake of this.endWaiters.splice(0)) wake()
  }

  private laneOf(job: BackgroundJob): JobLane {
    return job.kind === 'flush' ? this.flushes : this.merges
  }
}

/** A move or drop takes one too, until it is recorded. */
function slotsOf({ kind, requests }: BackgroundJob): number {
  return kind === 'flush' ? 0 : Math.max(1, requests.length)
}

interface InstallingJob {
  readonly job: BackgroundJob
  readonly result: JobResult
  settled: boolean
}
