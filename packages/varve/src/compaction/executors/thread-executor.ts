import type { CancelTimer } from '../../base/clock.js'
import { VarveError } from '../../base/errors.js'
import { InlineExecutor } from './inline-executor.js'
import { describeError } from '../jobs/job-error.js'
import type { JobExecutor } from '../jobs/job-executor.js'
import { removeLeftovers } from '../jobs/job-leftovers.js'
import type { JobOutcome, JobRequest } from '../jobs/job-request.js'
import { JobWatch } from '../jobs/job-watch.js'
import { newRateCells } from './rate-limiter.js'
import type { JobEnvironment } from '../jobs/run-job.js'
import { ControlCell, controlCells } from './worker-protocol.js'
import { type Loss, maxLookMs, type StartWorker, WorkerThread } from './worker-thread.js'

export interface ThreadExecutorOptions {
  /** For jobs on the calling thread, where no worker can be had. */
  readonly environment: Omit<JobEnvironment, 'checkpoint'>
  /** Of the database; workers open its tables by themselves. */
  readonly directory: string
  readonly threads: number
  /** All threads together; Infinity: no limit. */
  readonly bytesPerSecond: number
  /** By how much they are nicer than the calling thread. */
  readonly niceness: number
  readonly codecModules: readonly string[]
  readonly onWarning: (warning: VarveError) => void
}

/**
 * Runs jobs on worker threads, which start when they are needed first. While a job runs, the process stays
 * alive; an idle executor does not keep it.
 *
 * A worker that is lost is replaced with the next job, and its jobs fail. Where none can be started, jobs
 * run on the calling thread.
 *
 * Owned by: the database. A flush goes to an idle worker, or into the middle of a merge.
 */
export class ThreadExecutor implements JobExecutor {
  private readonly control = new Int32Array(new SharedArrayBuffer(controlCells * 4))
  private readonly rateCells = newRateCells()
  private workers: WorkerThread[] = []
  /** How many workers there can be. */
  private threads: number
  private readonly inline: InlineExecutor
  private cancelLook: CancelTimer | undefined

  constructor(
    private readonly options: ThreadExecutorOptions,
    private readonly startWorker: StartWorker,
  ) {
    this.threads = options.threads
    this.inline = new InlineExecutor(options.environment, options.bytesPerSecond)
  }

  get isInline(): boolean {
    return this.threads === 0
  }

  get mergeSlots(): number {
    return Math.max(1, this.threads)
  }

  prepare(): void {
    if (this.workers.length < Math.min(1, this.threads)) this.addWorker()
  }

  submit(
    request: JobRequest,
    done: (outcome: JobOutcome) => void,
    watch: JobWatch = new JobWatch(),
  ): void {
    const worker = this.leastBusyWorker()
    if (worker === undefined) {
      this.inline.submit(request, done, watch)
      return
    }
    const { control } = this
    const flushes = request.kind === 'flush' ? 1 : 0
    Atomics.add(control, ControlCell.pendingFlushes, flushes)
    const ended = (outcome: JobOutcome): void => {
      Atomics.sub(control, ControlCell.pendingFlushes, flushes)
      done(outcome)
    }
    worker.send({ request, done: ended, watch }, this.nowMs())
    this.lookLater()
  }

  poll(): void {
    for (const worker of [...this.workers]) worker.poll()
  }

  wait(timeoutMs: number): void {
    const { control } = this
    if (this.isInline) {
      this.inline.wait(timeoutMs)
      return
    }
    const before = Atomics.load(control, ControlCell.endings)
    const isUndelivered = this.workers.some((worker) => worker.poll())
    if (!isUndelivered) Atomics.wait(control, ControlCell.endings, before, timeoutMs)
    this.poll()
    this.look()
  }

  abort(): void {
    Atomics.store(this.control, ControlCell.aborted, 1)
  }

  async close(): Promise<void> {
    this.cancelLook?.()
    await Promise.all(this.workers.map((worker) => worker.close()))
  }

  /** Undefined: there is none, and none can be started. */
  private leastBusyWorker(): WorkerThread | undefined {
    const { workers } = this
    const idle = workers.find((worker) => worker.jobCount === 0)
    if (idle !== undefined) return idle
    if (workers.length < this.threads) this.addWorker()
    if (workers.length === 0) return undefined
    return workers.reduce((a, b) => (b.jobCount < a.jobCount ? b : a))
  }

  private addWorker(): void {
    const { directory, codecModules, bytesPerSecond, niceness } = this.options
    const { control, rateCells } = this
    try {
      const worker: WorkerThread = new WorkerThread(
        { control, rateCells, directory, codecModules, bytesPerSecond, niceness },
        this.startWorker,
        (loss) => this.lost(worker, loss),
        (loss) => this.clearUp(loss),
      )
      this.workers.push(worker)
    } catch (error) {
      this.doWithout(error)
    }
  }

  private lost(worker: WorkerThread, { error, jobs, wasReady, hasEnded }: Loss): void {
    this.workers.splice(this.workers.indexOf(worker), 1)
    if (!wasReady) this.doWithout(error)
    for (const { request, done, watch } of jobs) {
      // One that nobody can have begun is begun elsewhere.
      if (!wasReady && hasEnded) this.submit(request, done, watch)
      else done({ ok: false, error: describeError(error, 'the background thread failed') })
    }
  }

  /** What a lost worker leaves half-written. The jobs are done again under other file numbers. */
  private clearUp({ jobs, wasReady }: Loss): void {
    const { store } = this.options.environment
    if (wasReady) for (const { request } of jobs) removeLeftovers(store, request)
  }

  /** No more workers than there are. */
  private doWithout(cause: unknown): void {
    this.threads = this.workers.length
    const instead = this.isInline
      ? 'flushes and compactions run on the calling thread, and writes wait for them'
      : `there are ${this.threads}`
    const reason = cause instanceof Error ? cause.message : String(cause)
    const message = `no background thread could be started, ${instead}: ${reason}`
    this.options.onWarning(new VarveError('IO', message, { cause }))
  }

  private look(): void {
    const nowMs = this.nowMs()
    for (const worker of [...this.workers]) worker.look(nowMs)
  }

  /** As long as there are jobs. Whoever blocks the thread looks in `wait`. */
  private lookLater(): void {
    this.cancelLook ??= this.options.environment.clock.after(maxLookMs, () => {
      this.cancelLook = undefined
      this.look()
      if (this.workers.some((worker) => worker.jobCount > 0)) this.lookLater()
    })
  }

  private nowMs(): number {
    return this.options.environment.clock.monotonicMs()
  }
}
