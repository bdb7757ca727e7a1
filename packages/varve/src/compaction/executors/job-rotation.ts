/** A job that takes turns with others on one thread. */
export interface RotatingJob {
  readonly databaseId: number
  readonly isFlush: boolean
  /** It merges level 0, for which writes wait first. */
  readonly isOfLevel0: boolean
  /** How long the rate limit of its database holds the job back; 0 if it does not. */
  owedMs(): number
}

/** The most turns that flushes take in a row while another database has a merge to run. */
export const maxFlushTurns = 8

/**
 * The jobs of one worker thread, and whose turn it is.
 *
 * Owned by: a worker. Lives: as long as the worker.
 *
 * Invariant 1: a flush runs before a merge of the same database, because writers may be waiting for
 * it.
 * Invariant 2: the databases take turns, regardless of how many jobs each has.
 * Invariant 3: flushes leave every ninth turn to the merges of other databases.
 * Invariant 4: a merge of level 0 and the other merges of its database take turns, too. Neither
 * waits until the other has ended.
 * Invariant 5: a job that its rate limit holds back takes no turn.
 */
export class JobRotation<Job extends RotatingJob> {
  private readonly jobs: Job[] = []
  /** When each database with a job had its last turn. */
  private readonly lastTurns = new Map<number, number>()
  /** Databases whose last turn of a merge went to level 0. */
  private readonly level0Turns = new Set<number>()
  private turn = 0
  private flushTurns = 0

  get size(): number {
    return this.jobs.length
  }

  /**
   * Adds a job. If it is the first job of its database, the database waits one round; otherwise
   * short jobs would always go first.
   */
  add(job: Job): void {
    if (!this.lastTurns.has(job.databaseId)) this.lastTurns.set(job.databaseId, this.turn)
    this.jobs.push(job)
  }

  remove(job: Job): void {
    this.jobs.splice(this.jobs.indexOf(job), 1)
    const isLast = this.jobs.every(({ databaseId }) => databaseId !== job.databaseId)
    if (!isLast) return
    this.lastTurns.delete(job.databaseId)
    this.level0Turns.delete(job.databaseId)
  }

  filter(matches: (job: Job) => boolean): Job[] {
    return this.jobs.filter(matches)
  }

  /** The job whose turn it is; undefined if all jobs are held back, for `pauseMs`. */
  next(): Job | undefined {
    const ready = this.jobs.filter((job) => job.owedMs() === 0)
    const flush = this.firstInTurn(ready.filter(({ isFlush }) => isFlush))
    const flushing = new Set(ready.filter((job) => job.isFlush).map((job) => job.databaseId))
    const first = this.firstInTurn(ready.filter((job) => !flushing.has(job.databaseId)))
    const merge = first && this.mergeInTurn(first.databaseId, ready)
    const mergesFirst = merge !== undefined && this.flushTurns >= maxFlushTurns
    const chosen = mergesFirst ? merge : (flush ?? merge)
    if (chosen === undefined) return undefined
    this.flushTurns = chosen === flush && merge !== undefined ? this.flushTurns + 1 : 0
    this.lastTurns.set(chosen.databaseId, ++this.turn)
    if (chosen === merge) this.noteMergeTurn(chosen)
    return chosen
  }

  /** Time until the first job is no longer held back. */
  pauseMs(): number {
    return Math.min(...this.jobs.map((job) => job.owedMs()))
  }

  /** The oldest job of the database that has waited longest. */
  private firstInTurn(jobs: readonly Job[]): Job | undefined {
    let first: Job | undefined
    for (const job of jobs) {
      if (first === undefined || this.lastTurn(job) < this.lastTurn(first)) first = job
    }
    return first
  }

  /** The oldest merge of the kind whose turn it is, if there are both. */
  private mergeInTurn(databaseId: number, ready: readonly Job[]): Job {
    const merges = ready.filter((job) => job.databaseId === databaseId)
    const isLevel0sTurn = !this.level0Turns.has(databaseId)
    return merges.find((job) => job.isOfLevel0 === isLevel0sTurn) ?? merges[0]
  }

  private noteMergeTurn({ databaseId, isOfLevel0 }: Job): void {
    if (isOfLevel0) this.level0Turns.add(databaseId)
    else this.level0Turns.delete(databaseId)
  }

  private lastTurn({ databaseId }: Job): number {
    return this.lastTurns.get(databaseId) ?? 0
  }
}
