import type { Database } from 'varve'

export interface QueueOptions {
  /** How long a job that was claimed is hidden from others. */
  visibilityMs: number
  /** A job that was claimed this often and never done is set aside. */
  maxAttempts: number
  /** The time in milliseconds; for tests. */
  now?: () => number
}

/** A job that a worker has taken. */
export interface Claim<T> {
  readonly id: string
  readonly body: T
  /** 1 at the first delivery. */
  readonly attempt: number
  /** When others may claim it, unless it is done. */
  readonly dueMs: number
}

/**
 * A queue that delivers each job at least once, the one that is due first of all.
 *
 *     due/<time>/<id>   attempts so far; waiting until then, or claimed until then
 *     body/<id>         what there is to do
 *     dead/<id>         attempts; set aside
 *     last-id           ids are never used twice
 *
 * To claim a job is to move its due time. So nothing has to look for workers that died: their jobs
 * become due again by themselves. Every change is one batch, and reads and writes of a method are
 * synchronous, so that no other code of the process comes in between.
 */
export class Queue<T> {
  private readonly now: () => number
  private lastId: number
  /** No `due/` key exists before this one, so seeks skip deleted entries. */
  private head = 'due/'

  constructor(
    private readonly db: Database<string, unknown>,
    private readonly options: QueueOptions,
  ) {
    this.now = options.now ?? Date.now
    this.lastId = (db.getSync('last-id') ?? 0) as number
  }

  add(body: T, delayMs = 0): string {
    const id = digits(++this.lastId)
    this.db.batchSync([
      { type: 'put', key: this.hideUntil(this.now() + delayMs, id), value: 0 },
      { type: 'put', key: `body/${id}`, value: body },
      { type: 'put', key: 'last-id', value: this.lastId },
    ])
    return id
  }

  /** The next job that is due, hidden from others for `visibilityMs`. */
  claim(): Claim<T> | undefined {
    const nowMs = this.now()
    for (;;) {
      const [first] = this.db.entries({ gte: this.head, lt: dueKey(nowMs + 1, ''), limit: 1 })
      if (first === undefined) return undefined
      const [key, attempts] = first as [string, number]
      const id = key.slice(-digitCount)
      this.head = key
      if (attempts < this.options.maxAttempts) return this.lease(key, id, attempts + 1)
      this.db.batchSync([
        { type: 'del', key },
        { type: 'put', key: `dead/${id}`, value: attempts },
      ])
    }
  }

  /** Marks the job as done. False: too late, another worker has it by now, or it was set aside. */
  done(claim: Claim<T>): boolean {
    if (!this.isHeld(claim)) return false
    this.db.batchSync([
      { type: 'del', key: dueKey(claim.dueMs, claim.id) },
      { type: 'del', key: `body/${claim.id}` },
    ])
    return true
  }

  /**
   * Hides the job for `delayMs` from now: more time for slow work, or a pause before the next
   * attempt. Undefined: too late.
   */
  postpone(claim: Claim<T>, delayMs: number): Claim<T> | undefined {
    if (!this.isHeld(claim)) return undefined
    const dueMs = this.now() + delayMs
    this.db.batchSync([
      { type: 'del', key: dueKey(claim.dueMs, claim.id) },
      { type: 'put', key: this.hideUntil(dueMs, claim.id), value: claim.attempt },
    ])
    return { ...claim, dueMs }
  }

  /** Ids and bodies of jobs that were set aside. */
  *dead(): Generator<[string, T]> {
    for (const key of this.db.keys({ prefix: 'dead/' })) {
      const id = key.slice(-digitCount)
      yield [id, this.db.getSync(`body/${id}`) as T]
    }
  }

  private lease(key: string, id: string, attempt: number): Claim<T> {
    const dueMs = this.now() + this.options.visibilityMs
    this.db.batchSync([
      { type: 'del', key },
      { type: 'put', key: this.hideUntil(dueMs, id), value: attempt },
    ])
    return { id, body: this.db.getSync(`body/${id}`) as T, attempt, dueMs }
  }

  /** The clock may have gone back, so the key may come before all others. */
  private hideUntil(dueMs: number, id: string): string {
    const key = dueKey(dueMs, id)
    if (key < this.head) this.head = key
    return key
  }

  private isHeld({ id, attempt, dueMs }: Claim<T>): boolean {
    return this.db.getSync(dueKey(dueMs, id)) === attempt
  }
}

/** Enough for every whole number, so that texts sort as the numbers do. */
const digitCount = 16

function digits(number: number): string {
  return String(number).padStart(digitCount, '0')
}

function dueKey(timeMs: number, id: string): string {
  return `due/${digits(timeMs)}/${id}`
}
