import { setTimeout } from 'node:timers/promises'
import type { BatchOperation, Database } from 'varve'

export interface Job {
  readonly id: string
  /** Which of the scheduler's tasks it runs. */
  readonly task: string
  readonly payload?: unknown
  /** When it runs next, in milliseconds. */
  readonly dueMs: number
  /** Interval at which it runs again; without it, once. */
  readonly everyMs?: number
}

interface StoredJob extends Job {
  /** The time of the run that is tried; a retry comes later. */
  readonly slotMs: number
  /** Of this run, in a row. */
  readonly failures: number
}

/**
 * What a job does. `slotMs` and the job's id name the run: pass both on as the idempotency key of
 * what happens outside of this database. The operations that it returns are committed with the
 * end of the run, in one batch: what the task writes by them happens exactly once.
 */
export type Task = (job: Job, slotMs: number) => Promise<Effects> | Effects
export type Effects = readonly BatchOperation<string, unknown>[] | void

export interface SchedulerOptions {
  /** A run has failed; it is tried again, later and later. */
  onFailure: (error: unknown, job: Job) => void
  /** The time in milliseconds; for tests. */
  now?: () => number
}

const firstRetryMs = 1000
const maxRetryMs = 3_600_000

/** The longest sleep: soon enough to notice that the clock was set. */
const maxSleepMs = 60_000

/**
 * Runs jobs at their times, across restarts.
 *
 *     job/<id>           the job
 *     due/<time>/<id>    the jobs by the time at which they run
 *
 * A run ends with one batch, which moves the job to its next time. If the process dies before, the
 * same run is due again at the next start. Runs that were missed meanwhile are made up for by one.
 */
export class Scheduler {
  private readonly now: () => number
  private sleep = new AbortController()

  constructor(
    private readonly db: Database<string, unknown>,
    private readonly tasks: Readonly<Record<string, Task>>,
    private readonly options: SchedulerOptions,
  ) {
    this.now = options.now ?? Date.now
  }

  /** Adds a job, or replaces the one with its id. */
  schedule(job: Job): void {
    const old = this.job(job.id)
    this.db.batchSync([
      ...(old === undefined ? [] : removal(old)),
      ...addition({ ...job, slotMs: job.dueMs, failures: 0 }),
    ])
    this.sleep.abort()
  }

  cancel(id: string): void {
    const old = this.job(id)
    if (old !== undefined) this.db.batchSync(removal(old))
  }

  /** Runs what is due until `signal` fires. Call it once. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.sleep = new AbortController()
      await this.runDue(signal)
      const [next] = this.db.keys({ prefix: 'due/', limit: 1 })
      const waitMs = next === undefined ? maxSleepMs : Math.max(0, timeOf(next) - this.now())
      const wake = AbortSignal.any([signal, this.sleep.signal])
      // An abort is how a sleep ends early.
      await setTimeout(Math.min(waitMs, maxSleepMs), undefined, { signal: wake }).catch(() => {})
    }
  }

  /** Runs what is due now, the oldest first. */
  async runDue(signal?: AbortSignal): Promise<void> {
    while (signal?.aborted !== true) {
      const [key] = this.db.keys({ gte: 'due/', lt: dueKey(this.now() + 1, ''), limit: 1 })
      if (key === undefined) return
      await this.runOne(this.job(key.slice(dueKey(0, '').length))!)
    }
  }

  private async runOne(job: StoredJob): Promise<void> {
    let effects: Effects = undefined
    let next: StoredJob | undefined
    try {
      effects = await this.tasks[job.task](job, job.slotMs)
      next = following(job, this.now())
    } catch (error) {
      this.options.onFailure(error, job)
      next = retried(job, this.now())
    }
    // The task may have replaced or cancelled its own job.
    const isStill = this.db.hasSync(dueKey(job.dueMs, job.id))
    this.db.batchSync([
      ...(effects ?? []),
      ...(isStill ? removal(job) : []),
      ...(isStill && next !== undefined ? addition(next) : []),
    ])
  }

  private job(id: string): StoredJob | undefined {
    return this.db.getSync(`job/${id}`) as StoredJob | undefined
  }
}

/** The next run in the rhythm of the first, after all missed ones. */
function following(job: StoredJob, nowMs: number): StoredJob | undefined {
  if (job.everyMs === undefined) return undefined
  const missed = Math.max(0, Math.floor((nowMs - job.slotMs) / job.everyMs))
  const slotMs = job.slotMs + (missed + 1) * job.everyMs
  return { ...job, slotMs, dueMs: slotMs, failures: 0 }
}

/** The same run, later and later. */
function retried(job: StoredJob, nowMs: number): StoredJob {
  const delayMs = Math.min(firstRetryMs * 2 ** job.failures, maxRetryMs)
  return { ...job, dueMs: nowMs + delayMs, failures: job.failures + 1 }
}

function addition(job: StoredJob): BatchOperation<string, unknown>[] {
  return [
    { type: 'put', key: `job/${job.id}`, value: job },
    { type: 'put', key: dueKey(job.dueMs, job.id), value: null },
  ]
}

function removal(job: StoredJob): BatchOperation<string, unknown>[] {
  return [
    { type: 'del', key: `job/${job.id}` },
    { type: 'del', key: dueKey(job.dueMs, job.id) },
  ]
}

function dueKey(timeMs: number, id: string): string {
  return `due/${String(timeMs).padStart(16, '0')}/${id}`
}

function timeOf(key: string): number {
  return Number(key.slice('due/'.length, dueKey(0, '').length - 1))
}
