import {
  MessageChannel,
  type MessagePort,
  receiveMessageOnPort,
  type Worker,
} from 'node:worker_threads'
import type { JobOutcome, JobRequest } from '../jobs/job-request.js'
import type { JobWatch } from '../jobs/job-watch.js'
import {
  type JobMessage,
  WorkerCell,
  workerCells,
  type WorkerMessage,
  type WorkerSetup,
  WorkerState,
} from './worker-protocol.js'

/** A worker that has a job and shows no sign of life for so long is taken for dead. */
export const maxSilenceMs = 60_000
/** One look counts for no more than this: the whole process may have been asleep. */
export const maxLookMs = 15_000

/** A job that a worker has been given. */
export interface GivenJob {
  readonly request: JobRequest
  readonly done: (outcome: JobOutcome) => void
  readonly watch: JobWatch
}

/** How a worker came to answer no more. */
export interface Loss {
  readonly error: Error
  readonly jobs: readonly GivenJob[]
  /** It got so far that it may have begun jobs. */
  readonly wasReady: boolean
  /** It has come to its end, and does nothing any more; otherwise it is only silent. */
  readonly hasEnded: boolean
}

export type StartWorker = (workerData: WorkerSetup, transferList: MessagePort[]) => Worker

/**
 * One worker thread and the jobs it has.
 *
 * Owned by: a ThreadExecutor. Lives: until it is closed or lost, which it is when the thread ends or is
 * silent for too long. Then its jobs go back to the executor, once, and late answers are not heard.
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

  /** Throws when no thread can be started. `onExit`: nothing of the lost worker runs any more. */
  constructor(
    setup: Omit<WorkerSetup, 'port' | 'cells'>,
    start: StartWorker,
    private readonly onLoss: (loss: Loss) => void,
    private readonly onExit: (loss: Loss) => void,
  ) {
    const { port1, port2 } = new MessageChannel()
    this.port = port1
    this.worker = start({ ...setup, port: port2, cells: this.cells }, [port2])
    this.worker.on('error', (error) => this.lose(error, true))
    this.worker.on('exit', () => this.exited())
    this.port.on('message', (message: WorkerMessage) => this.deliver(message))
    this.worker.unref()
    this.port.unref()
  }

  get jobCount(): number {
    return this.jobs.size
  }

  get isReady(): boolean {
    return Atomics.load(this.cells, WorkerCell.state) === WorkerState.ready
  }

  send(job: GivenJob, nowMs: number): void {
    const id = this.nextId++
    if (this.jobs.size === 0) this.beginLooking(nowMs)
    this.jobs.set(id, job)
    const { request, watch } = job
    this.port.ref()
    this.port.postMessage({
      id,
      request,
      abortCell: watch.abortCell,
      tellsProgress: watch.onProgress !== undefined,
    } satisfies JobMessage)
  }

  /** Delivers what has arrived; true when a job's end had. */
  poll(): boolean {
    let hasEnded = false
    for (;;) {
      const received = receiveMessageOnPort(this.port) as { message: WorkerMessage } | undefined
      if (received === undefined) return hasEnded
      if ('outcome' in received.message) hasEnded = true
      this.deliver(received.message)
    }
  }

  /** Looks for signs of life. A worker that has ended, or was silent for too long, is lost. */
  look(nowMs: number): void {
    if (Atomics.load(this.cells, WorkerCell.state) === WorkerState.ended) {
      this.lose(new Error('the thread ended'), true)
    }
    if (this.jobs.size === 0) return
    const heartbeat = Atomics.load(this.cells, WorkerCell.heartbeat)
    const elapsedMs = Math.min(nowMs - this.lastLookMs, maxLookMs)
    this.silentMs = heartbeat === this.lastHeartbeat ? this.silentMs + elapsedMs : 0
    this.lastHeartbeat = heartbeat
    this.lastLookMs = nowMs
    if (this.silentMs < maxSilenceMs) return
    this.lose(new Error(`the thread has not moved for ${maxSilenceMs / 1000} s`), false)
    void this.worker.terminate()
  }

  async close(): Promise<void> {
    this.isClosed = true
    this.port.close()
    await this.worker.terminate()
  }

  private beginLooking(nowMs: number): void {
    this.silentMs = 0
    this.lastHeartbeat = Atomics.load(this.cells, WorkerCell.heartbeat)
    this.lastLookMs = nowMs
  }

  private deliver(message: WorkerMessage): void {
    const job = this.jobs.get(message.id)
    if (job === undefined) return
    if ('readEntries' in message) {
      job.watch.onProgress?.(message.readEntries)
      return
    }
    this.jobs.delete(message.id)
    if (this.jobs.size === 0) this.port.unref()
    job.done(message.outcome)
  }

  private lose(error: Error, hasEnded: boolean): void {
    if (this.loss !== undefined || this.isClosed) return
    // An answer may have come just before the end.
    this.poll()
    const wasReady = Atomics.load(this.cells, WorkerCell.state) !== WorkerState.starting
    this.loss = { error, jobs: [...this.jobs.values()], wasReady, hasEnded }
    this.jobs.clear()
    this.port.close()
    this.onLoss(this.loss)
  }

  private exited(): void {
    this.lose(new Error('the thread ended'), true)
    if (this.loss !== undefined) this.onExit(this.loss)
  }
}
