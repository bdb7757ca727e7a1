import {
  MessageChannel,
  type MessagePort,
  receiveMessageOnPort,
  type Worker,
} from 'node:worker_threads'
import type { CancelTimer, Clock } from '../../base/clock.js'
import type { JobOutcome, JobRequest } from '../jobs/job-request.js'
import type { JobWatch } from '../jobs/job-watch.js'
import {
  type JobDatabase,
  type JobMessage,
  WorkerCell,
  workerCells,
  type WorkerMessage,
  type WorkerSetup,
  WorkerState,
} from './worker-protocol.js'

/** A worker that has a job and makes no progress for this long is considered lost. */
export const maxSilenceMs = 60_000
/** The longest time that one check adds, because the whole process may have been asleep. */
export const maxLookMs = 15_000
/** A worker that has no job for this long ends. */
export const maxIdleMs = 30_000

/** A job that a worker has accepted, with its callbacks. */
export interface GivenJob {
  readonly database: JobDatabase
  readonly request: JobRequest
  readonly done: (outcome: JobOutcome) => void
  readonly watch: JobWatch
}

/** How a worker was lost. */
export interface Loss {
  readonly error: Error
  /** Jobs that may have begun, and may have written incomplete files. */
  readonly begun: readonly GivenJob[]
  /**
   * Jobs that cannot have caused the loss. They can be restarted, because the worker has stopped.
   */
  readonly innocent: readonly GivenJob[]
  /** Whether the worker had loaded its modules and could run jobs. */
  readonly wasReady: boolean
}

interface WorkerEvents {
  readonly onMessage: (job: GivenJob, message: WorkerMessage) => void
  readonly onLoss: (loss: Loss) => void
  /** Called when the thread of the lost worker has ended. */
  readonly onLossExit: (loss: Loss) => void
  readonly onIdle: () => void
}

export type StartWorker = (workerData: WorkerSetup, transferList: MessagePort[]) => Worker

/**
 * One worker thread and its jobs, of any number of databases.
 *
 * Owned by: a WorkerGroup. Lives: until it is closed or lost. It is lost when the thread ends or is
 * silent for too long. Its jobs then return to the group, once, and late answers are ignored.
 */
export class WorkerThread {
  private readonly worker: Worker
  private readonly port: MessagePort
  private readonly cells = new Int32Array(new SharedArrayBuffer(workerCells * 4))
  private readonly jobs = new Map<number, GivenJob>()
  private nextId = 1
  private loss: Loss | undefined
  private isClosed = false
  private lastHeartbeat = 0
  private lastLookMs = 0
  private silentMs = 0
  private cancelIdle: CancelTimer

  /** Throws if no thread can be started. */
  constructor(
    setup: Omit<WorkerSetup, 'port' | 'cells'>,
    start: StartWorker,
    private readonly clock: Clock,
    private readonly events: WorkerEvents,
  ) {
    const { port1, port2 } = new MessageChannel()
    this.port = port1
    this.worker = start({ ...setup, port: port2, cells: this.cells }, [port2])
    this.worker.on('error', (error) => this.lose(error, true))
    this.worker.on('exit', () => this.exited())
    this.port.on('message', (message: WorkerMessage) => this.deliver(message))
    this.keepAlive(false)
    this.cancelIdle = clock.after(maxIdleMs, events.onIdle)
  }

  /** As of its last job. */
  get memoryBytes(): number {
    return Atomics.load(this.cells, WorkerCell.memoryKiB) * 1024
  }

  get jobCount(): number {
    return this.jobs.size
  }

  hasJobOf(databaseId: number): boolean {
    for (const { database } of this.jobs.values()) {
      if (database.databaseId === databaseId) return true
    }
    return false
  }

  send(job: GivenJob): void {
    const id = this.nextId++
    if (this.jobs.size === 0) this.beginLooking()
    this.jobs.set(id, job)
    const { database, request, watch } = job
    this.keepAlive(true)
    this.port.postMessage({
      ...database,
      id,
      request,
      abortCell: watch.abortCell,
      reportsProgress: watch.onProgress !== undefined,
    } satisfies JobMessage)
    this.wake()
  }

  /**
   * Ends the aborted jobs of a database while the worker is still starting, because that can take
   * longer than the caller wants to wait. Later answers of the worker are ignored.
   *
   * Requires: the database's closing cell is set. A worker reads that cell before it begins a job,
   * and begins none before its state is `ready`, so it writes nothing for the withdrawn jobs.
   */
  withdraw(databaseId: number, outcome: JobOutcome): void {
    if (Atomics.load(this.cells, WorkerCell.state) !== WorkerState.starting) return
    for (const [id, job] of [...this.jobs]) {
      if (job.database.databaseId === databaseId) this.deliver({ id, outcome })
    }
  }

  /** Wakes the worker so that it sees new and aborted jobs. */
  wake(): void {
    Atomics.add(this.cells, WorkerCell.mail, 1)
    Atomics.notify(this.cells, WorkerCell.mail)
  }

  /** Delivers the messages that have arrived. */
  poll(): void {
    for (;;) {
      const received = receiveMessageOnPort(this.port) as { message: WorkerMessage } | undefined
      if (received === undefined) return
      this.deliver(received.message)
    }
  }

  /** Checks the heartbeat. A worker that has ended or was silent for too long is lost. */
  look(): void {
    if (Atomics.load(this.cells, WorkerCell.state) === WorkerState.ended) {
      this.lose(new Error('the thread ended'), true)
    }
    if (this.jobs.size === 0) return
    const nowMs = this.clock.monotonicMs()
    const heartbeat = Atomics.load(this.cells, WorkerCell.heartbeat)
    const elapsedMs = Math.min(nowMs - this.lastLookMs, maxLookMs)
    this.silentMs = heartbeat === this.lastHeartbeat ? this.silentMs + elapsedMs : 0
    this.lastHeartbeat = heartbeat
    this.lastLookMs = nowMs
    if (this.silentMs < maxSilenceMs) return
    this.lose(new Error(`the thread has made no progress for ${maxSilenceMs / 1000} s`), false)
    void this.worker.terminate()
  }

  async close(): Promise<void> {
    this.isClosed = true
    this.cancelIdle()
    this.port.close()
    await this.worker.terminate()
  }

  private beginLooking(): void {
    this.cancelIdle()
    this.silentMs = 0
    this.lastHeartbeat = Atomics.load(this.cells, WorkerCell.heartbeat)
    this.lastLookMs = this.clock.monotonicMs()
  }

  /**
   * Sets whether this worker keeps the process alive. A crash closes the port, so `ref` is not
   * enough.
   */
  private keepAlive(isNeeded: boolean): void {
    for (const handle of [this.worker, this.port]) {
      if (isNeeded) handle.ref()
      else handle.unref()
    }
  }

  private deliver(message: WorkerMessage): void {
    const job = this.jobs.get(message.id)
    if (job === undefined) return
    if ('outcome' in message) this.forget(message.id)
    this.events.onMessage(job, message)
  }

  private forget(id: number): void {
    this.jobs.delete(id)
    if (this.jobs.size > 0) return
    this.keepAlive(false)
    this.cancelIdle = this.clock.after(maxIdleMs, this.events.onIdle)
  }

  private lose(error: Error, hasEnded: boolean): void {
    if (this.loss !== undefined || this.isClosed) return
    // An answer may have arrived just before the end.
    this.poll()
    const wasReady = Atomics.load(this.cells, WorkerCell.state) !== WorkerState.starting
    this.loss = { error, wasReady, ...this.shareOut(wasReady, hasEnded) }
    this.jobs.clear()
    this.keepAlive(false)
    this.cancelIdle()
    this.port.close()
    this.events.onLoss(this.loss)
  }

  /**
   * Divides the jobs into those that may have caused the loss and the others. If the job that was
   * running is unknown, any of them may have caused it.
   */
  private shareOut(wasReady: boolean, hasEnded: boolean): Pick<Loss, 'begun' | 'innocent'> {
    const jobs = [...this.jobs.values()]
    if (!hasEnded) return { begun: jobs, innocent: [] }
    if (!wasReady) return { begun: [], innocent: jobs }
    const atFault = this.jobs.get(Atomics.load(this.cells, WorkerCell.currentJob))
    if (atFault === undefined) return { begun: jobs, innocent: [] }
    return { begun: [atFault], innocent: jobs.filter((job) => job !== atFault) }
  }

  private exited(): void {
    this.lose(new Error('the thread ended'), true)
    if (this.loss !== undefined) this.events.onLossExit(this.loss)
  }
}
