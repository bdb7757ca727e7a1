import type { MessagePort } from 'node:worker_threads'
import type { JobOutcome, JobRequest } from './job-request.js'

/** Cells of the Int32Array that both sides share. */
export const ControlCell = {
  /** Flushes sent and not finished: a running merge looks here, and lets a flush go first. */
  pendingFlushes: 0,
  /** Jobs finished; the owner sleeps on it when its thread has to wait. */
  finishedJobs: 1,
  /** Not zero: give up running jobs. */
  aborted: 2,
} as const
export const controlCells = 3

/** What a worker is started with. */
export interface WorkerSetup {
  readonly port: MessagePort
  readonly control: Int32Array
  readonly directory: string
  /** Modules that export user codecs as `codec`. */
  readonly codecModules: readonly string[]
  /** All workers together; Infinity: no limit. */
  readonly bytesPerSecond: number
  /** What they have written, for all of them. */
  readonly rateCells: BigInt64Array
}

export interface JobMessage {
  readonly id: number
  readonly request: JobRequest
}

export interface OutcomeMessage {
  readonly id: number
  readonly outcome: JobOutcome
}
