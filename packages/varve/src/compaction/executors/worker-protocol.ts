import type { MessagePort } from 'node:worker_threads'
import type { JobOutcome, JobRequest } from '../jobs/job-request.js'

/** Cells of the Int32Array that the owner of a pool and all its workers share. */
export const PoolCell = {
  /** Changes whenever a job or a worker ends. The owner sleeps on it while its thread must wait. */
  endings: 0,
} as const
export const poolCells = 1

/** Cells of the Int32Array that the owner and one worker share. */
export const WorkerCell = {
  /** A WorkerState. */
  state: 0,
  /** Changes at least every few hundred entries while a job runs. */
  heartbeat: 1,
  /**
   * Changes when jobs are sent, or all jobs of a database are aborted. A worker without work sleeps
   * on it.
   */
  mail: 2,
  /** The id of the running job, or 0. If the worker crashes, that job is the cause. */
  currentJob: 3,
  /** Its heap and buffers when its last job ended, in KiB. */
  memoryKiB: 4,
} as const
export const workerCells = 5

export const WorkerState = {
  starting: 0,
  ready: 1,
  /** The worker will not answer again. */
  ended: 2,
} as const

/** Properties that a worker cannot change while it runs. It serves only jobs of its kind. */
export interface WorkerKind {
  /** Modules that export user codecs as `codec`. */
  readonly codecModules: readonly string[]
  /**
   * How much nicer the worker is than the thread that starts it. A thread cannot reduce its
   * niceness.
   */
  readonly niceness: number
}

/** The data that a worker is started with. */
export interface WorkerSetup extends WorkerKind {
  readonly port: MessagePort
  readonly poolCells: Int32Array
  readonly cells: Int32Array
}

/** The database that a job belongs to. */
export interface JobDatabase {
  /** Unique in the pool. Databases take turns by this id. */
  readonly databaseId: number
  readonly directory: string
  /** The limit for all jobs of the database together; Infinity means no limit. */
  readonly bytesPerSecond: number
  /** Counts the bytes that they have written, for the rate limit. */
  readonly rateCells: BigInt64Array
  /** One cell. Nonzero means abort all jobs of the database. */
  readonly closingCell: Int32Array
}

/** A message to a worker. */
export interface JobMessage extends JobDatabase {
  /** Starts at 1. */
  readonly id: number
  readonly request: JobRequest
  /** One cell. Nonzero means abort the job. */
  readonly abortCell: Int32Array
  readonly reportsProgress: boolean
}

/** A message from a worker: the end of a job, or its progress. */
export type WorkerMessage =
  | { readonly id: number; readonly outcome: JobOutcome }
  | { readonly id: number; readonly readEntries: number }
