import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads'
import type { JobExecutor } from './job-executor.js'
import type { JobOutcome, JobRequest } from './job-request.js'
import { newRateCells } from './rate-limiter.js'
import {
  ControlCell,
  controlCells,
  type JobMessage,
  type OutcomeMessage,
  type WorkerSetup,
} from './worker-protocol.js'

export interface ThreadExecutorOptions {
  readonly directory: string
  readonly threads: number
  /** All threads together; Infinity: no limit. */
  readonly bytesPerSecond: number
  readonly codecModules: readonly string[]
}

/**
 * Runs jobs on worker threads, which start with the first job. While a job runs, the process stays
 * alive; an idle executor does not keep it.
 *
 * Owned by: the database. A flush goes to an idle worker, or into the middle of a merge.
 */
export class ThreadExecutor implements JobExecutor {
  readonly isInline = false
  readonly mergeSlots: number
  private readonly control = new Int32Array(new SharedArrayBuffer(controlCells * 4))
  private readonly rateCells = newRateCells()
  private readonly workers: WorkerHandle[] = []

  constructor(private readonly options: ThreadExecutorOptions) {
    this.mergeSlots = options.threads
  }

  submit(request: JobRequest, done: (outcome: JobOutcome) => void): void {
    if (request.kind === 'flush') Atomics.add(this.control, ControlCell.pendingFlushes, 1)
    this.leastBusyWorker().send(request, done)
  }

  poll(): void {
    for (const worker of this.workers) worker.poll()
  }

  wait(timeoutMs: number): void {
    const { control } = this
    const cell = ControlCell.finishedJobs
    const before = Atomics.load(control, cell)
    const undelivered = this.workers.some((worker) => worker.poll())
    if (!undelivered) Atomics.wait(control, cell, before, timeoutMs)
    this.poll()
  }

  abort(): void {
    Atomics.store(this.control, ControlCell.aborted, 1)
  }

  async close(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.close()))
  }

  private leastBusyWorker(): WorkerHandle {
    const alive = this.workers.filter((worker) => !worker.failed)
    const idle = alive.find((worker) => worker.jobCount === 0)
    if (idle !== undefined) return idle
    if (alive.length < this.options.threads) {
      const worker = new WorkerHandle(this.control, this.rateCells, this.options)
      this.workers.push(worker)
      return worker
    }
    return alive.reduce((a, b) => (b.jobCount < a.jobCount ? b : a))
  }
}

/** One worker thread and the jobs it has. */
class WorkerHandle {
  failed = false
  private readonly worker: Worker
  private readonly port: MessagePort
  private readonly jobs = new Map<number, RunningJob>()
  private nextId = 1

  constructor(
    private readonly control: Int32Array,
    rateCells: BigInt64Array,
    options: ThreadExecutorOptions,
  ) {
    const { port1, port2 } = new MessageChannel()
    this.port = port1
    const setup: WorkerSetup = {
      port: port2,
      control,
      directory: options.directory,
      codecModules: options.codecModules,
      bytesPerSecond: options.bytesPerSecond,
      rateCells,
    }
    this.worker = new Worker(new URL('./worker.js', import.meta.url), {
      workerData: setup,
      transferList: [port2],
      name: 'varve',
    })
    this.worker.on('error', (error) => this.fail(error))
    this.worker.on('exit', () => this.fail(new Error('the background thread ended')))
    this.port.on('message', (message: OutcomeMessage) => this.deliver(message))
    this.worker.unref()
    this.port.unref()
  }

  get jobCount(): number {
    return this.jobs.size
  }

  send(request: JobRequest, done: (outcome: JobOutcome) => void): void {
    const id = this.nextId++
    this.jobs.set(id, { isFlush: request.kind === 'flush', done })
    this.port.ref()
    this.port.postMessage({ id, request } satisfies JobMessage)
  }

  /** Delivers what has arrived; true when something had. */
  poll(): boolean {
    let delivered = false
    for (;;) {
      const received = receiveMessageOnPort(this.port) as { message: OutcomeMessage } | undefined
      if (received === undefined) return delivered
      delivered = true
      this.deliver(received.message)
    }
  }

  async close(): Promise<void> {
    this.port.close()
    await this.worker.terminate()
  }

  private deliver({ id, outcome }: OutcomeMessage): void {
    const job = this.jobs.get(id)
    if (job === undefined) return
    this.jobs.delete(id)
    if (this.jobs.size === 0) this.port.unref()
    job.done(outcome)
  }

  /** The thread is gone: its jobs fail, and the next one gets a new thread. */
  private fail(error: Error): void {
    if (this.failed) return
    this.failed = true
    const lost = [...this.jobs.values()]
    this.jobs.clear()
    this.port.unref()
    for (const { isFlush, done } of lost) {
      if (isFlush) Atomics.sub(this.control, ControlCell.pendingFlushes, 1)
      const message = `background thread failed: ${error.message}`
      done({
        ok: false,
        error: { code: 'IO', message, ...(error.stack ? { stack: error.stack } : {}) },
      })
    }
  }
}

interface RunningJob {
  readonly isFlush: boolean
  readonly done: (outcome: JobOutcome) => void
}
