import { type Database, json, type Keyspace, type Transaction } from 'varve'

export interface JobsOptions {
  /** How long a claimed job is hidden from other workers. */
  leaseMs: number
  /** A job that was claimed this often and never done is set aside. */
  maxAttempts: number
  /** The time in milliseconds; for tests. */
  now?: () => number
}

/** A job that a worker has claimed. */
export interface Job<T> {
  readonly id: string
  readonly body: T
  /** 1 at the first claim. */
  readonly attempt: number
  /** When others may claim it, unless it is done. */
  readonly leaseEndMs: number
}

type Work = (tx: Transaction<string, unknown>) => Promise<void>

/**
 * A job queue on transactions, for any number of workers.
 *
 *     keyspace jobs.body    id → the work
 *     keyspace jobs.due     <time>/<id> → attempts so far; waiting or claimed until then
 *     keyspace jobs.dead    id → attempts; set aside
 *
 * Every job has its body, and either a due time or an entry among the dead. A claim moves the due
 * time, so when a worker dies, its jobs become due again.
 */
export class Jobs<T> {
  static async open<T>(db: Database<string, unknown>, options: JobsOptions): Promise<Jobs<T>> {
    const [body, due, dead] = await Promise.all([
      db.keyspace('jobs.body', { valueEncoding: json<T>() }),
      db.keyspace('jobs.due', { valueEncoding: json<number>() }),
      db.keyspace('jobs.dead', { valueEncoding: json<number>() }),
    ])
    return new Jobs<T>(db, options, body, due, dead)
  }

  private constructor(
    private readonly db: Database<string, unknown>,
    private readonly options: JobsOptions,
    readonly body: Keyspace<string, T>,
    readonly due: Keyspace<string, number>,
    readonly dead: Keyspace<string, number>,
  ) {}

  /** False if the queue has a job with this id already, so `add` can be repeated. */
  add(id: string, body: T, delayMs = 0): Promise<boolean> {
    return this.run(async (tx) => {
      if (await tx.keyspace(this.body).has(id)) return false
      await tx.keyspace(this.body).put(id, body)
      await tx.keyspace(this.due).put(dueKey(this.nowMs + delayMs, id), 0)
      return true
    })
  }

  /** The next job that is due, leased to the caller. */
  claim(): Promise<Job<T> | undefined> {
    return this.run(async (tx) => {
      const { leaseMs, maxAttempts } = this.options
      const due = tx.keyspace(this.due)
      for await (const [key, attempts] of due.entries({ lt: dueKey(this.nowMs + 1, '') })) {
        const id = key.slice(timeDigits + 1)
        await due.del(key)
        if (attempts >= maxAttempts) {
          await tx.keyspace(this.dead).put(id, attempts)
          continue
        }
        const leaseEndMs = this.nowMs + leaseMs
        const attempt = attempts + 1
        await due.put(dueKey(leaseEndMs, id), attempt)
        return { id, body: (await tx.keyspace(this.body).get(id))!, attempt, leaseEndMs }
      }
      return undefined
    })
  }

  /**
   * Removes the job and commits what `work` writes, together. False: too late, the lease has ended
   * and another worker has the job; nothing is written.
   */
  done({ id, attempt, leaseEndMs }: Job<T>, work?: Work): Promise<boolean> {
    return this.run(async (tx) => {
      const key = dueKey(leaseEndMs, id)
      if ((await tx.keyspace(this.due).get(key)) !== attempt) return false
      await tx.keyspace(this.due).del(key)
      await tx.keyspace(this.body).del(id)
      await work?.(tx)
      return true
    })
  }

  /** Gives the job back, to be claimed again after `delayMs`. False: too late. */
  retry({ id, attempt, leaseEndMs }: Job<T>, delayMs: number): Promise<boolean> {
    return this.run(async (tx) => {
      const due = tx.keyspace(this.due)
      const key = dueKey(leaseEndMs, id)
      if ((await due.get(key)) !== attempt) return false
      await due.del(key)
      await due.put(dueKey(this.nowMs + delayMs, id), attempt)
      return true
    })
  }

  /** Gives a dead job all its attempts again. */
  revive(id: string): Promise<boolean> {
    return this.run(async (tx) => {
      if (!(await tx.keyspace(this.dead).has(id))) return false
      await tx.keyspace(this.dead).del(id)
      await tx.keyspace(this.due).put(dueKey(this.nowMs, id), 0)
      return true
    })
  }

  private get nowMs(): number {
    return (this.options.now ?? Date.now)()
  }

  /** Workers that want the same job conflict; one of them wins each time. */
  private run<R>(work: (tx: Transaction<string, unknown>) => Promise<R>): Promise<R> {
    return this.db.transaction(work, { retries: 100 })
  }
}

/** Enough for every whole number, so that texts sort as the numbers do. */
const timeDigits = 16

function dueKey(timeMs: number, id: string): string {
  return `${String(timeMs).padStart(timeDigits, '0')}/${id}`
}
