import type { Cursor } from 'varve'
import type { Data } from './level-encoding.js'
import { abortError, rethrow } from './level-error.js'

export interface ReaderOptions {
  readonly signal?: AbortSignal
  readonly highWaterMarkBytes?: number
}

/** Bytes of keys and values after which one read ends and the next one continues. */
const defaultHighWaterMarkBytes = 256 * 1024
/** `next` reads ahead: first one entry, then four times as many each time, up to this. */
const maxEntriesAhead = 1000

/**
 * What stands between an iterator of Level and a cursor of the engine: entries read ahead for
 * `next`, the abort signal, and errors in Level's words.
 *
 * Owned by: one iterator, which closes it.
 */
export class CursorReader<T> {
  private ahead: T[] = []
  /** Where in `ahead` the next entry is. */
  private at = 0
  private nextCount = 1
  private readonly signal: AbortSignal | undefined
  private readonly highWaterMarkBytes: number
  private readonly forgetSignal: (() => void) | undefined

  constructor(
    private readonly cursor: Cursor<Data, unknown>,
    options: ReaderOptions,
    /** What to make of each item of the cursor; by default it is given as it comes. */
    private readonly shape?: (item: unknown) => T,
  ) {
    this.signal = options.signal ?? undefined
    this.forgetSignal = this.signal && closeOnAbort(cursor, this.signal)
    this.highWaterMarkBytes = options.highWaterMarkBytes ?? defaultHighWaterMarkBytes
  }

  /** `left`: how many the iterator will give at most. */
  next(left: number): T | undefined | Promise<T | undefined> {
    return this.at < this.ahead.length ? this.ahead[this.at++] : this.readAhead(left)
  }

  nextv(size: number): Promise<T[]> {
    if (this.at === this.ahead.length) return this.read(size)
    const items = this.ahead.slice(this.at, this.at + size)
    this.at += items.length
    return Promise.resolve(items)
  }

  seek(target: Data): void {
    this.ahead = []
    this.at = 0
    this.nextCount = 1
    // As in abstract-level: the next read fails.
    if (this.signal?.aborted === true) return
    try {
      this.cursor.seek(target)
    } catch (error) {
      rethrow(error)
    }
  }

  close(): Promise<void> {
    this.ahead = []
    this.at = 0
    this.forgetSignal?.()
    this.cursor.close()
    return Promise.resolve()
  }

  private async readAhead(left: number): Promise<T | undefined> {
    this.ahead = await this.read(Math.min(left, this.nextCount))
    this.at = 1
    this.nextCount = Math.min(maxEntriesAhead, this.nextCount * 4)
    return this.ahead[0]
  }

  private async read(count: number): Promise<T[]> {
    const items = await this.cursor.read(count, this.highWaterMarkBytes).catch((error: unknown) => {
      // The abort closed the cursor under the read.
      if (this.signal?.aborted === true) throw abortError()
      return rethrow(error)
    })
    if (this.signal?.aborted === true) throw abortError()
    const { shape } = this
    return shape === undefined ? (items as T[]) : items.map(shape)
  }
}

/**
 * An aborted iterator reads no more, but its user may never close it. Returns a function that
 * removes the listener.
 */
function closeOnAbort(cursor: Cursor<Data, unknown>, signal: AbortSignal): () => void {
  const close = (): void => cursor.close()
  if (signal.aborted) close()
  else signal.addEventListener('abort', close, { once: true })
  return () => signal.removeEventListener('abort', close)
}
