import type { BatchOperation, Database } from 'varve'

export interface Recorded<E> {
  /** Its place in the log: 0, 1, 2 … */
  readonly offset: number
  readonly event: E
}

/** What a consumer makes of events: operations that are committed together with its position. */
export type Handler<E> = (events: Recorded<E>[]) => readonly BatchOperation<string, unknown>[]

/**
 * Events in the order in which they came, and consumers that each read them at their own pace.
 *
 *     event/<offset>     an event
 *     end                the offset that the next event gets; none is ever used twice
 *     consumer/<name>    the offset of the next event that it takes
 *
 * A consumer's position moves in the same batch as what it writes: after any crash each event has
 * had its effect on this database exactly once.
 */
export class EventLog<E> {
  private end: number
  private waiting: (() => void)[] = []

  constructor(private readonly db: Database<string, unknown>) {
    this.end = (db.getSync('end') ?? 0) as number
  }

  /** All of the events or none. Returns the offset of the first. */
  append(...events: readonly E[]): number {
    const first = this.end
    this.db.batchSync([
      ...events.map((event, i) => put(eventKey(first + i), event)),
      put('end', first + events.length),
    ])
    this.end += events.length
    this.wake()
    return first
  }

  /** The events from `offset` on that are there now. */
  *read(offset = 0): Generator<Recorded<E>> {
    const range = { gte: eventKey(offset), lt: eventKey(this.end) }
    for (const [key, event] of this.db.entries(range)) {
      yield { offset: Number(key.slice('event/'.length)), event: event as E }
    }
  }

  /** The events from `offset` on, and those to come, until `signal` fires. */
  async *follow(offset: number, signal: AbortSignal): AsyncGenerator<Recorded<E>> {
    let next = offset
    const wake = (): void => this.wake()
    signal.addEventListener('abort', wake)
    try {
      while (!signal.aborted) {
        const { end } = this
        for (const recorded of this.read(next)) {
          yield recorded
          if (signal.aborted) return
        }
        next = Math.max(next, end)
        if (end === this.end) await new Promise<void>((resolve) => this.waiting.push(resolve))
      }
    } finally {
      signal.removeEventListener('abort', wake)
    }
  }

  /** The position of a consumer; a new one starts at the beginning. */
  position(consumer: string): number {
    return (this.db.getSync(`consumer/${consumer}`) ?? 0) as number
  }

  /** Lets a consumer take at most `limit` events. Returns how many it took; 0: it is at the end. */
  consume(consumer: string, handler: Handler<E>, limit = 100): number {
    const events: Recorded<E>[] = []
    for (const recorded of this.read(this.position(consumer))) {
      events.push(recorded)
      if (events.length === limit) break
    }
    const last = events.at(-1)
    if (last === undefined) return 0
    this.db.batchSync([...handler(events), put(`consumer/${consumer}`, last.offset + 1)])
    return events.length
  }

  /** The log waits no longer for this consumer. */
  async forget(consumer: string): Promise<void> {
    await this.db.del(`consumer/${consumer}`)
  }

  /**
   * Removes all but the last `keep` events, save those that a consumer has not taken yet: one range
   * delete, however many they are.
   */
  async trim(keep: number): Promise<void> {
    let before = Math.max(0, this.end - keep)
    for (const [, position] of this.db.entries({ prefix: 'consumer/' })) {
      before = Math.min(before, position as number)
    }
    await this.db.clear({ gte: eventKey(0), lt: eventKey(before) })
  }

  private wake(): void {
    for (const resolve of this.waiting.splice(0)) resolve()
  }
}

function put(key: string, value: unknown): BatchOperation<string, unknown> {
  return { type: 'put', key, value }
}

/** 16 digits are enough for every whole number, so that texts sort as the numbers do. */
function eventKey(offset: number): string {
  return `event/${String(offset).padStart(16, '0')}`
}
