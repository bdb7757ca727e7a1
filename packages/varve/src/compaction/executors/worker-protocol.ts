import type { MessagePort } from 'node:worker_threads'
import type { JobOutcome, JobRequest } from '../jobs/job-request.js'

/** Cells of the Int32Array that the owner of a pool and all its workers share. */
export const PoolCell = {
  /** Changes whenever a job or a worker ends; the owner sleeps on it while its thread must wait. */
  endings: 0,
} as const
export const poolCells = 1

/** Cells of the Int32Array that the owner and one worker share. */
export const WorkerCell = {
  /** A WorkerState. */
  state: 0,
  /** Changes at least every few hundred entries while a job runs. */
  heartbeat: 1,
  /** Changes when a job is sent or aborted; a worker that pauses sleeps on it. */
  mail: 2,
  /** The id of the running job, or 0. If the worker crashes, that job has caused it. */
  currentJob: 3,
} as const
export const workerCells = 4

export const WorkerState = {
  starting: 0,
  ready: 1,
  /** It will never answer again. */
  ended: 2,
} as const

/** What a worker cannot change once it runs: it serves only jobs of its kind. */
export interface WorkerKind {
  /** Modules that export user codecs as `codec`. */
  readonly codecModules: readonly string[]
  /** By how much it is nicer than the thread that starts it. A thread cannot take niceness back. */
  readonly niceness: number
}

/** What a worker is started with. */
export interface WorkerSetup extends WorkerKind {
  readonly port: MessagePort
  readonly poolCells: Int32Array
  readonly cells: Int32Array
}

/** What a worker knows of the database that a job belongs to. */
export interface JobDatabase {
  /** Unique in the pool; turns are shared out by it. */
  readonly databaseId: number
  readonly directory: string
  /** All jobs of the database together; Infinity: no limit. */
  readonly bytesPerSecond: number
  /** The bytes that they have written, for the rate limit. */
  readonly rateCells: BigInt64Array
  /** One cell; not zero: abort all jobs of the database. */
  readonly closingCell: Int32Array
}

/** To a worker. */
export interface JobMessage extends JobDatabase {
  /** From 1. */
  readonly id: number
  readonly request: JobRequest
  /** One cell; not zero: abort the job. */
  readonly abortCell: Int32Array
  readonly reportsProgress: boolean
}

/** From a worker: the end of a job, or its progress. */
export type WorkerMessage =
  | { readonly id: number; readonly outcome: JobOutcome }
  | { readonly id: number; readonly readEntries: number }
