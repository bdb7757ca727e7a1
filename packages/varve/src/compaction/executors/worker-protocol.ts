import type { MessagePort } from 'node:worker_threads'
import type { JobOutcome, JobRequest } from '../jobs/job-request.js'

/** Cells of the Int32Array that the owner and all workers share. */
export const ControlCell = {
  /** Flushes whose end is not known yet: a running merge looks here, and lets a flush go first. */
  pendingFlushes: 0,
  /** Changes whenever a job or a worker ends; the owner sleeps on it when its thread has to wait. */
  endings: 1,
  /** Not zero: give up running jobs. */
  aborted: 2,
} as const
export const controlCells = 3

/** Cells of the Int32Array that the owner and one worker share. */
export const WorkerCell = {
  /** A WorkerState. */
  state: 0,
  /** Changes at least every few hundred entries while a job runs. */
  heartbeat: 1,
} as const
export const workerCells = 2

export const WorkerState = {
  starting: 0,
  ready: 1,
  /** It will never answer again. */
  ended: 2,
} as const

/** What a worker is started with. */
export interface WorkerSetup {
  readonly port: MessagePort
  readonly control: Int32Array
  readonly cells: Int32Array
  readonly directory: string
  /** Modules that export user codecs as `codec`. */
  readonly codecModules: readonly string[]
  /** All workers together; Infinity: no limit. */
  readonly bytesPerSecond: number
  /** What they have written, for all of them. */
  readonly rateCells: BigInt64Array
  /** By how much it is nicer than the thread that starts it. */
  readonly niceness: number
}

/** To a worker. */
export interface JobMessage {
  readonly id: number
  readonly request: JobRequest
  /** One cell; not zero: give the job up. */
  readonly abortCell: Int32Array
  readonly tellsProgress: boolean
}

/** From a worker: the end of a job, or how far it is. */
export type WorkerMessage =
  | { readonly id: number; readonly outcome: JobOutcome }
  | { readonly id: number; readonly readEntries: number }
